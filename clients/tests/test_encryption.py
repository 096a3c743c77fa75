"""Words are sealed with their client's key, bound to their row and field."""

import pytest
from cryptography.exceptions import InvalidTag
from django.apps import apps
from django.core.exceptions import FieldError
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from accounts import encryption
from accounts.encryption import EncryptedTextField, Sealed, Unreadable
from accounts.models import DataKey
from clients.models import ClientBackground
from database.identity import acting_as
from goals.models import GoalVersion
from tests.cast import agreed_goal

TABLE = "clients_clientbackground"


pytestmark = pytest.mark.requirement("R56")


def raw(client):
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT presenting_concern FROM {TABLE} WHERE client_id = %s", [client.pk]
        )
        return bytes(cursor.fetchone()[0])


def write_raw(client, sealed):
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {TABLE} SET presenting_concern = %s WHERE client_id = %s",
            [sealed, client.pk],
        )


def read(client, by):
    with acting_as(by.pk):
        return ClientBackground.objects.get(client=client).presenting_concern


def test_thea_reads_what_she_wrote_and_the_table_holds_none_of_it(cleo, thea):
    assert read(cleo, thea) == "What brought Cleo"
    assert b"Cleo" not in raw(cleo)


def test_words_pasted_into_another_clients_row_do_not_open(cleo, carl, theo):
    write_raw(carl, raw(cleo))
    text = read(carl, theo)
    assert isinstance(text, Unreadable)
    assert "cannot be read" in text


def test_words_open_whatever_their_table_is_called(cleo, thea, monkeypatch):
    row = ClientBackground(practice_id=cleo.practice_id, client=cleo)
    row.presenting_concern = Sealed(raw(cleo))
    monkeypatch.setattr(ClientBackground._meta, "db_table", "clients_renamed")
    with acting_as(thea.pk):
        assert row.presenting_concern == "What brought Cleo"


def test_every_sealed_model_says_what_its_rows_are_called_and_no_two_the_same():
    sealed = [
        model
        for model in apps.get_models()
        if any(isinstance(field, EncryptedTextField) for field in model._meta.fields)
    ]
    labels = [vars(model).get("seal_as") for model in sealed]
    assert sealed and all(labels)
    assert len({*labels}) == len(labels)


# What ciphertext was bound to when it was written.  A name here never changes: what was
# sealed under it would not open any more.  A new one is added.
LABELS = {
    "assignment.words",
    "background.presenting_concern",
    "comment.changed",
    "comment.words",
    "correction.about",
    "correction.answer",
    "correction.words",
    "draft.body",
    "earlier_draft.body",
    "emergency_reason.words",
    "goal_move.wording",
    "goal_move.words",
    "goal_rating.context",
    "goal_rating.word",
    "goal_score.what_would_raise",
    "goal_score.why_not_lower",
    "goal_version.attainment",
    "goal_version.clinical_words",
    "goal_version.compared",
    "goal_version.high_end",
    "goal_version.knowing",
    "goal_version.low_end",
    "goal_version.own_words",
    "goal_version.why",
    "import_sheet.body",
    "note.body",
    "note_addition.reason",
    "note_addition.text",
    "note_hold.reason",
    "record_export.archive",
    "review_answer.goal_words",
    "review_answer.size_words",
    "review_answer.way_words",
    "session.take_away",
    "step.cue",
    "step.plan",
    "step.words",
    "strength.moment",
    "strength.name",
    "strength.setting",
    "supervision_comment.words",
    "win.words",
}


def test_labels_of_what_was_sealed_stay_as_they_are():
    labels = {
        f"{model.seal_as}.{field.column}"
        for model in apps.get_models()
        for field in model._meta.local_fields
        if isinstance(field, EncryptedTextField)
    }
    assert labels == LABELS


@pytest.mark.parametrize("value", [
    {"with": "x", "lengths": [1, 2]}, [], {}, 0, False, "", "ü", None,
])  # fmt: skip
def test_a_sealed_json_value_is_read_as_it_was_written(cleo, thea, value):
    """And it is bound to its row and column as texts are."""
    version = GoalVersion.objects.get(pk=agreed_goal(cleo, thea).in_force_id)
    field = GoalVersion._meta.get_field("compared")
    with acting_as(thea.pk), transaction.atomic():
        version.compared = value
        stored = field.pre_save(version, add=True)
        assert isinstance(stored, Sealed)
        assert (stored == b"") is (value is None)
        version.compared = stored
        assert version.compared == value
        assert type(version.compared) is type(value)
        if stored:
            other = GoalVersion._meta.get_field("why")
            assert isinstance(other.open(version, stored), Unreadable)


def test_a_sealed_json_value_cannot_slip_past_its_row_or_be_looked_up(db):
    for value in ({"with": "x"}, [], "", 0):
        with pytest.raises(TypeError):
            GoalVersion.objects.update(compared=value)
        with pytest.raises(FieldError):
            GoalVersion.objects.filter(compared=value).exists()


@pytest.mark.parametrize("harm", [
    lambda b: b[:-1], lambda b: b[:8], lambda b: b"\x02" + b[1:],
    lambda b: b[:20] + bytes([b[20] ^ 1]) + b[21:], lambda b: b"x",
])  # fmt: skip
def test_words_that_were_cut_or_changed_do_not_open(cleo, thea, harm):
    write_raw(cleo, harm(raw(cleo)))
    assert isinstance(read(cleo, thea), Unreadable)


def test_a_page_with_unreadable_words_says_so_and_works(sign_in, cleo, thea):
    write_raw(cleo, raw(cleo)[:-1])
    page = sign_in(thea).get(f"/clients/{cleo.pk}/")
    assert page.status_code == 200
    assert "cannot be read" in page.content.decode()


def test_a_destroyed_key_makes_this_clients_words_unreadable_and_nobody_elses(
    cleo, carl, thea, theo
):
    DataKey.objects.filter(client_id=cleo.pk).delete()
    assert isinstance(read(cleo, thea), Unreadable)
    assert read(carl, theo) == "What brought Carl"


def test_unreadable_words_are_never_written_back(cleo, thea):
    write_raw(cleo, raw(cleo)[:-1])
    with acting_as(thea.pk), pytest.raises(ValueError):
        background = ClientBackground.objects.get(client=cleo)
        background.presenting_concern  # noqa: B018 - looked at, hence opened
        background.save()


def test_plain_text_cannot_slip_past_the_row(cleo, thea):
    rows = ClientBackground.objects.filter(client=cleo)
    background = rows.get()
    with pytest.raises(TypeError), transaction.atomic():
        rows.update(presenting_concern="plain")
    with pytest.raises(TypeError), transaction.atomic():
        background.presenting_concern = "plain"
        ClientBackground.objects.bulk_update([background], ["presenting_concern"])
    with pytest.raises(FieldError):
        rows.filter(presenting_concern="plain")
    with pytest.raises(FieldError):
        rows.filter(presenting_concern__contains="plain")
    assert isinstance(rows.values_list("presenting_concern", flat=True).get(), Sealed)


def test_the_same_words_twice_look_different(cleo, thea):
    with acting_as(thea.pk), transaction.atomic():
        background = ClientBackground.objects.get(client=cleo)
        first = raw(cleo)
        background.write(by=thea)
    assert raw(cleo) != first


def test_another_master_key_opens_nothing(cleo, thea, settings):
    settings.MASTER_KEY = bytes(32)
    assert isinstance(read(cleo, thea), Unreadable)


@given(st.binary(max_size=300), st.text(max_size=40))
def test_what_is_sealed_opens_only_where_it_was_sealed(plain, place):
    key = bytes(range(32))
    sealed = encryption._seal(key, plain, place)
    assert encryption._open(key, sealed, place) == plain
    with pytest.raises(InvalidTag):
        encryption._open(key, sealed, place + "x")


def test_no_nonce_comes_twice_in_a_hundred_thousand():
    key = bytes(32)
    nonces = {encryption._seal(key, b"", "x")[1:13] for _time in range(100_000)}
    assert len(nonces) == 100_000
