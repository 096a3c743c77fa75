from django.db import models
from django.utils.timezone import now


class Client(models.Model):
    therapist = models.ForeignKey("auth.User", models.CASCADE)
    name = models.CharField(max_length=80)
    goal = models.CharField(max_length=80)
    status = models.CharField(max_length=20)
    rating = models.IntegerField()
    next_session = models.DateTimeField()


class Note(models.Model):
    client = models.ForeignKey(Client, models.CASCADE)
    body = models.TextField()
    written = models.DateTimeField(default=now)
