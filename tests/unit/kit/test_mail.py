"""Mail is written with the fact and sent once."""

import threading
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as outbox
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection, transaction

from kit import mail
from kit.clock import fixed_at, now
from kit.models import Mail


def write(key: str = "fact:1") -> Mail:
    return mail.write(key=key, to="alice@example.org", template="test_mail", context={"what": "It <happened>"})


@pytest.fixture(autouse=True)
def a_template(settings: Any, tmp_path: Any) -> None:
    folder = tmp_path / "templates" / "emails"
    folder.mkdir(parents=True)
    (folder / "test_mail.subject.txt").write_text(
        "{% autoescape off %}{{ what }}\n on {{ site_name }}{% endautoescape %}"
    )
    (folder / "test_mail.txt").write_text("{% autoescape off %}{{ what }}{% endautoescape %}")
    (folder / "test_mail.html").write_text("<p>{{ what }}</p>")
    options = settings.TEMPLATES[0]
    settings.TEMPLATES = [{**options, "DIRS": [tmp_path / "templates"]}]


@pytest.mark.django_db
def test_a_mail_is_sent_once_with_both_parts() -> None:
    write()

    assert mail.send_waiting() == 1
    assert mail.send_waiting() == 0
    message = outbox.outbox[0]
    assert message.subject == "It <happened> on Fairground"
    assert message.body == "It <happened>\n"
    assert message.alternatives[0][0] == "<p>It &lt;happened&gt;</p>"


@pytest.mark.django_db
def test_i15_the_same_fact_is_told_once() -> None:
    write()
    write()

    mail.send_waiting()

    assert len(outbox.outbox) == 1


@pytest.mark.django_db(transaction=True)
def test_a_fact_that_is_rolled_back_is_never_told() -> None:
    with pytest.raises(RuntimeError):
        fail_after_writing()

    assert mail.send_waiting() == 0


@transaction.atomic
def fail_after_writing() -> None:
    write()
    raise RuntimeError


@pytest.mark.django_db
def test_a_mail_server_that_fails_is_asked_again_later(settings: Any) -> None:
    write()
    working = settings.MAILERS
    settings.MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {"host": "127.0.0.1", "port": 9},
        }
    }
    assert mail.send_waiting() == 0
    assert "refused" in Mail.objects.get().last_error.lower()

    settings.MAILERS = working
    assert mail.send_waiting() == 0, "not before its time"
    with fixed_at(now() + timedelta(minutes=10)):
        assert mail.send_waiting() == 1


@pytest.mark.django_db
def test_a_mail_that_cannot_be_written_does_not_keep_back_the_others() -> None:
    write("fact:1")
    Mail.objects.update(to="nobody\n@example.org")
    write("fact:2")

    assert mail.send_waiting() == 1

    assert "ValueError" in Mail.objects.get(key="fact:1").last_error


@pytest.mark.django_db
def test_a_mail_whose_lease_ran_out_behind_slow_ones_is_left_to_the_next_sender(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number in range(3):
        write(f"fact:{number}")
    started = now()
    send = EmailBackend.send_messages

    with ExitStack() as clock:

        def three_minutes_each(self: EmailBackend, messages: Any) -> int:
            clock.enter_context(fixed_at(now() + timedelta(minutes=3)))
            return int(send(self, messages))

        monkeypatch.setattr(EmailBackend, "send_messages", three_minutes_each)
        clock.enter_context(fixed_at(started))
        assert mail.send_waiting() == 1
        assert mail.send_waiting() == 2

    assert Mail.objects.exclude(sent_at=None).count() == len(outbox.outbox) == 3


@pytest.mark.django_db(transaction=True)
def test_two_senders_never_send_the_same_mail() -> None:
    for number in range(20):
        write(f"fact:{number}")
    barrier = threading.Barrier(4)

    def sender() -> None:
        barrier.wait()
        while mail.send_waiting():
            pass
        connection.close()

    threads = [threading.Thread(target=sender) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(outbox.outbox) == 20
