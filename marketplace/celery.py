"""Celery: wake-up bells only. Tasks carry no data; they claim due rows, so a lost or doubled one does no harm."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")

app = Celery("marketplace")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["catalog.importing"])

# A bell nobody heard for a minute need not be heard: after a night without workers there is not a night of bells.
UNHEARD = {"expires": 60}

app.conf.beat_schedule = {
    "handle stored events": {"task": "inbox.handle_events", "schedule": 5.0, "options": UNHEARD},
    "finish operations": {"task": "gateway.finish_operations", "schedule": 15.0, "options": UNHEARD},
    "follow open payments": {"task": "payments.follow_open_payments", "schedule": 30.0, "options": UNHEARD},
    "act on held money": {"task": "payments.act_on_held_money", "schedule": 60.0, "options": UNHEARD},
    "act on cases": {"task": "cases.act_on_cases", "schedule": 60.0, "options": UNHEARD},
    "find missed disputes": {"task": "payments.find_missed_disputes", "schedule": 3600.0, "options": UNHEARD},
    "follow packs": {"task": "evidence.follow_packs", "schedule": 120.0, "options": UNHEARD},
    "tell sellers of disputes": {"task": "evidence.tell_sellers", "schedule": 120.0, "options": UNHEARD},
    "forget old facts": {"task": "evidence.forget_old_facts", "schedule": 3600.0, "options": UNHEARD},
    "handle carriers' news": {"task": "orders.handle_carrier_news", "schedule": 60.0, "options": UNHEARD},
    "let rules act": {"task": "disputes.act_by_rules", "schedule": 60.0, "options": UNHEARD},
    "remember disputes": {"task": "disputes.remember", "schedule": 120.0, "options": UNHEARD},
    "find missed warnings": {"task": "disputes.find_missed_warnings", "schedule": 3600.0, "options": UNHEARD},
    "seal the ledger": {"task": "ledger.seal", "schedule": 20.0, "options": UNHEARD},
    "look for what is wrong": {"task": "monitoring.watch", "schedule": 60.0, "options": UNHEARD},
    "look at rates": {"task": "monitoring.watch_rates", "schedule": 1200.0, "options": UNHEARD},
    "tell Stripe of new addresses": {"task": "customers.tell_stripe", "schedule": 3600.0, "options": UNHEARD},
    "publish what is due": {"task": "catalog.publish_due", "schedule": 60.0, "options": UNHEARD},
    "make thumbnails": {"task": "catalog.make_thumbnails", "schedule": 10.0, "options": UNHEARD},
    "learn words": {"task": "catalog.learn_words", "schedule": 300.0, "options": UNHEARD},
    "count words anew": {"task": "catalog.count_words", "schedule": 3600.0, "options": UNHEARD},
    "work on imports": {"task": "catalog.work_on_imports", "schedule": 30.0, "options": UNHEARD},
    "fetch imported images": {"task": "catalog.fetch_images", "schedule": 60.0, "options": UNHEARD},
    "forget old imports": {"task": "catalog.forget_imports", "schedule": 3600.0, "options": UNHEARD},
    "send waiting mail": {"task": "kit.send_mail", "schedule": 10.0, "options": UNHEARD},
}
