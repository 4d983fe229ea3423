"""Celery: wake-up bells only. Tasks carry no data; they claim due rows, so a lost or doubled one does no harm."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")

app = Celery("marketplace")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

app.conf.beat_schedule = {
    "handle stored events": {"task": "inbox.handle_events", "schedule": 5.0},
    "finish operations": {"task": "gateway.finish_operations", "schedule": 15.0},
    "follow open payments": {"task": "payments.follow_open_payments", "schedule": 30.0},
    "send waiting mail": {"task": "kit.send_mail", "schedule": 10.0},
}
