"""Carriers sellers name, and the pages on which their parcels are followed. Any other carrier may be named as well."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

# What nobody's tracking number has in it; spaces and dashes are written as people read them.
NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ./-]{2,99}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Carrier:
    """`link` has {number} where the parcel's number goes; `also` are other ways people write the name."""

    name: str
    link: str
    also: tuple[str, ...] = ()

    def address(self, number: str) -> str:
        """The page this parcel is followed on."""
        return self.link.format(number=quote(number, safe=""))


CARRIERS = (
    Carrier(
        "DHL", "https://www.dhl.com/global-en/home/tracking.html?tracking-id={number}", ("dhl express", "dhl paket")
    ),
    Carrier("Deutsche Post", "https://www.deutschepost.de/sendung/simpleQueryResult.html?form.sendungsnummer={number}"),
    Carrier("DPD", "https://tracking.dpd.de/parcelstatus?query={number}"),
    Carrier("GLS", "https://gls-group.eu/track/{number}"),
    Carrier("Hermes", "https://www.myhermes.de/empfangen/sendungsverfolgung/sendungsinformation#{number}"),
    Carrier("UPS", "https://www.ups.com/track?tracknum={number}"),
    Carrier("FedEx", "https://www.fedex.com/fedextrack/?trknbr={number}"),
    Carrier("USPS", "https://tools.usps.com/go/TrackConfirmAction?tLabels={number}"),
    Carrier("Royal Mail", "https://www.royalmail.com/track-your-item#/tracking-results/{number}"),
    Carrier("Evri", "https://www.evri.com/track/parcel/{number}"),
    Carrier("La Poste", "https://www.laposte.fr/outils/suivre-vos-envois?code={number}", ("colissimo", "chronopost")),
    Carrier("PostNL", "https://postnl.nl/tracktrace/?B={number}"),
    Carrier("bpost", "https://track.bpost.cloud/btr/web/#/search?itemCode={number}"),
    Carrier(
        "Swiss Post", "https://service.post.ch/ekp-web/ui/entry/search/{number}", ("schweizerische post", "die post")
    ),
    Carrier("Österreichische Post", "https://www.post.at/sv/sendungssuche?snr={number}", ("austrian post", "post.at")),
    Carrier("Correos", "https://www.correos.es/es/es/herramientas/localizador/envios/detalle?tracking-number={number}"),
    Carrier("Poste Italiane", "https://www.poste.it/cerca/index.html#/risultati-spedizioni/{number}"),
    Carrier("An Post", "https://www.anpost.com/Post-Parcels/Track/History?item={number}"),
)
_BY_NAME = {word: carrier for carrier in CARRIERS for word in (carrier.name.casefold(), *carrier.also)}


def known(name: str) -> Carrier | None:
    """The carrier of this name, however its letters are written; None for one we have no page of."""
    return _BY_NAME.get(" ".join(name.split()).casefold())


def tracking_address(carrier: str, number: str) -> str:
    """Where a parcel is followed; empty when nobody here knows."""
    found = known(carrier)
    return found.address(number) if found and number else ""
