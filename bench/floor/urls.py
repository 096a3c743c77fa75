from django.contrib.auth.decorators import login_required
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import path

from bench.floor.models import Client, Note


@login_required
def caseload(request):
    clients = Client.objects.filter(therapist=request.user).order_by("name")
    return render(request, "list.html", {"clients": clients})


@login_required
def note(request, pk):
    client = Client.objects.get(pk=pk, therapist=request.user)
    Note.objects.create(client=client, body=request.POST["body"])
    return HttpResponseRedirect("/")


urlpatterns = [path("", caseload), path("client/<int:pk>/", note, name="client")]
