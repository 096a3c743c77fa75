"""Who can start, continue and delete an import: PostgreSQL's own rules."""

import pytest
from django.db import DatabaseError, transaction

from conftest import person
from database.identity import acting_as
from tests.cast import list_of
from tests.test_second_lock import house, is_refused
from transfer.models import CaseloadImport, ImportSheet

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("R1")]


@pytest.fixture
def una():
    return person(house("Elsewhere"), "Una", is_therapist=True, is_admin=True)


def begins(by, therapist, *, practice=None):
    row = CaseloadImport(practice=practice or by.practice, by=by, therapist=therapist)
    try:
        with acting_as(by.pk), transaction.atomic():
            row.save(force_insert=True)
            transaction.set_rollback(True)
    except DatabaseError:
        return False
    return True


def test_a_therapist_starts_their_own_and_an_admin_one_for_any_therapist(
    thea, theo, ada, cleo, una
):
    assert begins(thea, thea)
    assert begins(ada, thea)
    assert not begins(thea, theo)
    assert not begins(ada, ada)
    assert not begins(ada, cleo.user)
    assert not begins(ada, una)
    assert not begins(cleo.user, thea)
    assert not begins(una, thea)
    assert not begins(una, una, practice=thea.practice)


def test_nobody_starts_one_in_another_name(thea, theo, ada):
    for by, named in ((theo, thea), (ada, theo), (thea, ada)):
        row = CaseloadImport(practice=thea.practice, by=named, therapist=thea)
        with (
            pytest.raises(DatabaseError),
            acting_as(by.pk),
            transaction.atomic(),
        ):
            row.save(force_insert=True)


CHANGE = "UPDATE transfer_caseloadimport SET percent = percent"


def test_only_the_importing_user_continues_it(thea, theo, ada, cleo, una):
    list_of(thea)
    for who in (theo, ada, cleo.user, una):
        assert is_refused(who, CHANGE), who
    assert not is_refused(thea, CHANGE)
    CaseloadImport.objects.update(by=ada)  # now it is hers, for Thea
    assert not is_refused(ada, CHANGE)
    assert is_refused(thea, CHANGE)


def test_nobody_changes_lines_or_reassigns_an_import(thea, theo, ada):
    list_of(ada, therapist=thea)
    for statement in (
        "UPDATE transfer_importsheet SET part = 'directory'",
        "UPDATE transfer_importsheet SET body = ''",
        "UPDATE transfer_caseloadimport SET therapist_id = by_id",
        "UPDATE transfer_caseloadimport SET by_id = therapist_id",
    ):
        for who in (thea, theo, ada):
            assert is_refused(who, statement), (who, statement)


def test_lines_can_be_added_only_to_an_own_import(thea, theo, ada):
    found = list_of(thea)
    for who in (theo, ada, thea):
        row = ImportSheet(
            practice=thea.practice, caseload_import=found, part="directory"
        )
        try:
            with acting_as(who.pk), transaction.atomic():
                row.save(force_insert=True)
        except DatabaseError:
            assert who != thea
        else:
            assert who == thea
    CaseloadImport.objects.update(state="done")
    row = ImportSheet(practice=thea.practice, caseload_import=found, part="late")
    with pytest.raises(DatabaseError), acting_as(thea.pk), transaction.atomic():
        row.save(force_insert=True)


def test_each_deletes_what_they_see_and_nothing_else(thea, theo, ada, una):
    list_of(ada, therapist=thea)
    for who, left in (
        (theo, {"directory", "sealed", "review", "mend"}),
        (una, {"directory", "sealed", "review", "mend"}),
        (ada, {"sealed"}),
        (thea, set()),
    ):
        with acting_as(who.pk), transaction.atomic():
            ImportSheet.objects.all()._raw_delete("default")
        assert set(ImportSheet.objects.values_list("part", flat=True)) == left, who


def test_a_former_admin_or_therapist_sees_nothing(thea, ada):
    list_of(ada, therapist=thea)
    for who in (ada, thea):
        type(who).objects.filter(pk=who.pk).update(is_admin=False, is_therapist=False)
        with acting_as(who.pk), transaction.atomic():
            assert not CaseloadImport.objects.exists()
            assert not ImportSheet.objects.exists()
