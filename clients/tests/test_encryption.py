"""Text is encrypted with its client's key, bound to its row and field."""

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


def test_thea_reads_what_she_wrote_and_the_table_stores_only_ciphertext(cleo, thea):
    assert read(cleo, thea) == "What brought Cleo"
    assert b"Cleo" not in raw(cleo)


def test_text_copied_into_another_clients_row_cannot_be_decrypted(cleo, carl, theo):
    write_raw(carl, raw(cleo))
    text = read(carl, theo)
    assert isinstance(text, Unreadable)
    assert "cannot be read" in text


def test_text_can_be_decrypted_after_its_table_was_renamed(cleo, thea, monkeypatch):
    row = ClientBackground(practice_id=cleo.practice_id, client=cleo)
    row.presenting_concern = Sealed(raw(cleo))
    monkeypatch.setattr(ClientBackground._meta, "db_table", "clients_renamed")
    with acting_as(thea.pk):
        assert row.presenting_concern == "What brought Cleo"


def test_every_encrypted_model_has_a_unique_seal_name():
    sealed = [
        model
        for model in apps.get_models()
        if any(isinstance(field, EncryptedTextField) for field in model._meta.fields)
    ]
    labels = [vars(model).get("seal_as") for model in sealed]
    assert sealed and all(labels)
    assert len({*labels}) == len(labels)


# The names that ciphertext is bound to. Never change one: text encrypted under it could
# not be decrypted anymore. New ones are added.
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


def test_seal_names_never_change():
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
def test_an_encrypted_json_value_is_read_as_it_was_written(cleo, thea, value):
    """It is bound to its row and column, as text is."""
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


def test_an_encrypted_json_value_cannot_be_written_without_its_row_or_looked_up(db):
    for value in ({"with": "x"}, [], "", 0):
        with pytest.raises(TypeError):
            GoalVersion.objects.update(compared=value)
        with pytest.raises(FieldError):
            GoalVersion.objects.filter(compared=value).exists()


@pytest.mark.parametrize("harm", [
    lambda b: b[:-1], lambda b: b[:8], lambda b: b"\x02" + b[1:],
    lambda b: b[:20] + bytes([b[20] ^ 1]) + b[21:], lambda b: b"x",
])  # fmt: skip
def test_truncated_or_changed_text_cannot_be_decrypted(cleo, thea, harm):
    write_raw(cleo, harm(raw(cleo)))
    assert isinstance(read(cleo, thea), Unreadable)


def test_a_page_with_unreadable_text_says_so_and_works(sign_in, cleo, thea):
    write_raw(cleo, raw(cleo)[:-1])
    page = sign_in(thea).get(f"/clients/{cleo.pk}/")
    assert page.status_code == 200
    assert "cannot be read" in page.content.decode()


def test_a_destroyed_key_makes_only_this_clients_text_unreadable(
    cleo, carl, thea, theo
):
    DataKey.objects.filter(client_id=cleo.pk).delete()
    assert isinstance(read(cleo, thea), Unreadable)
    assert read(carl, theo) == "What brought Carl"


def test_unreadable_text_is_never_written_back(cleo, thea):
    write_raw(cleo, raw(cleo)[:-1])
    with acting_as(thea.pk), pytest.raises(ValueError):
        background = ClientBackground.objects.get(client=cleo)
        background.presenting_concern  # noqa: B018 - looked at, hence opened
        background.save()


def test_plain_text_cannot_be_written_without_its_row(cleo, thea):
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


def test_the_same_text_twice_has_different_ciphertext(cleo, thea):
    with acting_as(thea.pk), transaction.atomic():
        background = ClientBackground.objects.get(client=cleo)
        first = raw(cleo)
        background.write(by=thea)
    assert raw(cleo) != first


def test_another_master_key_decrypts_nothing(cleo, thea, settings):
    settings.MASTER_KEY = bytes(32)
    assert isinstance(read(cleo, thea), Unreadable)


@given(st.binary(max_size=300), st.text(max_size=40))
def test_ciphertext_can_only_be_decrypted_where_it_was_encrypted(plain, place):
    key = bytes(range(32))
    sealed = encryption._seal(key, plain, place)
    assert encryption._open(key, sealed, place) == plain
    with pytest.raises(InvalidTag):
        encryption._open(key, sealed, place + "x")


def test_a_hundred_thousand_nonces_are_unique():
    key = bytes(32)
    nonces = {encryption._seal(key, b"", "x")[1:13] for _time in range(100_000)}
    assert len(nonces) == 100_000
