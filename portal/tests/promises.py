"""Sentences shown to clients, classified: which promise something, and which do not.

`PROMISES` names the test that proves each; promise_nothing.txt beside this file lists
the others, one per line. Sentences are collected from the templates and modules below
and from included templates. A new sentence is in neither, and fails test_promises.py
until it is classified.
"""

import re
from pathlib import Path

from accounts import audit
from tests.pseudo import in_python, in_template

HOUSE = Path(__file__).resolve().parents[2]
INCLUDED = re.compile(r'{%\s*include\s+"([^"]+)"')
SHORTEST = 4  # words; anything shorter is a label

# Content from other rooms that the portal shows, and emails to clients.
TEMPLATES = (
    "templates/portal/**/*.html", "templates/both/**/*.html",
    "templates/goals/**/*.html",
    "templates/parts/**/*.html", "templates/base*.html", "templates/not_saved.html",
    "templates/accounts/*.html", "templates/account/*.html", "templates/emails/*",
)  # fmt: skip
PYTHON = (
    "portal/*.py", "goals/*.py", "goals/models/*.py", "clients/telling.py",
    "clients/two_keys.py",
    "ui/charts/words.py", "ui/charts/ratings.py", "ui/charts/timeline.py",
    "goals/strengths/forms.py", "overview/timeline_events.py",
    "overview/timeline_page.py",
    "transfer/export/read.py", "digests/*_week_page.py",
)  # fmt: skip
# Pages in the same folders that no client sees.
STAFF = {"practice.html", "line_add.html", "line_edit.html", "notice_write.html",
         "base_therapist.html", "base_admin.html", "care_roles.py",
         "email_log.py"}  # fmt: skip


def sentences() -> set[str]:
    """Every translatable text with at least SHORTEST words that a client may read."""
    found = set()
    modules = {path for one in PYTHON for path in HOUSE.glob(one)}
    for paths, extract in ((templates(), in_template), (modules, in_python)):
        for path in paths:
            if path.name in STAFF:
                continue
            for _name, words in extract(path):
                many = [words] if isinstance(words, str) else words
                found.update(plain(text) for text in many if isinstance(text, str))
    # for admins only
    found -= {plain(str(verb.words)) for verb in audit.VERBS.values()}
    return {text for text in found if len(text.split()) >= SHORTEST}


def templates() -> set[Path]:
    """The templates above, and those that the portal's pages include, from any room."""
    found = {path for one in TEMPLATES for path in HOUSE.glob(one)}
    queue = [path for path in found if path.parent.name in ("portal", "both")]
    while queue:
        names = INCLUDED.findall(queue.pop().read_text())
        more = {HOUSE / "templates" / name for name in names} - found
        found |= more
        queue += more
    return found


def plain(text: str) -> str:
    return " ".join(text.split())


def nothing() -> list[str]:
    text = Path(__file__).with_name("promise_nothing.txt").read_text()
    return text.splitlines()


PROMISES = {
    "goals/tests/test_agreed_again.py::"
    "test_declining_to_agree_again_sets_aside_what_both_once_agreed_to": [
        "The client did not agree again to a goal. It is set aside.",
        "Your therapist did not agree again. The goal is set aside",
    ],
    "goals/tests/test_agreed_again.py::"
    "test_after_a_refusal_it_can_be_resumed_and_agreed_to": [
        "Goal set aside. Either of you can resume it.",
        "The goal is then set aside. Either of you can resume it.",
    ],
    "portal/tests/test_sessions.py::"
    "test_a_withheld_note_is_not_shown_until_it_is_shared": [
        "The note of this session is not shared for now. You can ask your therapist "
        "why.",
    ],
    "goals/tests/test_who_is_told.py::"
    "test_withdrawing_mentions_no_button_that_is_missing": [
        "Nothing is lost: it stays in the history, and version %(number)s stays "
        "proposed.",
    ],
    "goals/tests/test_same_story.py::"
    "test_a_change_that_nobody_proposes_is_asked_about_again": [
        "Starts a proposal. You review it again in two weeks, unless the new wording "
        "sets another date",
    ],
    "goals/tests/test_who_is_told.py::"
    "test_the_second_withdrawal_sets_the_goal_aside_and_notifies_the_other_side": [
        "The client also withdrew the agreement to a goal. It is set aside.",
        "Your therapist also withdrew the agreement to this goal. It is set aside",
    ],
    "goals/tests/test_who_is_told.py::"
    "test_withdrawing_a_proposal_is_not_reported_as_leaving_the_goal": [
        "The client withdrew a proposal for a goal.",
        "Your therapist withdrew a proposal for this goal",
        "The client withdrew the agreement to a goal. It is not in effect.",
        "Your therapist withdrew the agreement to this goal. It is not in effect",
    ],
    "goals/tests/test_signals.py::"
    "test_an_agreement_notifies_the_side_that_agreed_before": [
        "The client agreed to the wording of a goal. It is in effect.",
        "Your therapist agreed to this wording. It is in effect",
    ],
    "goals/tests/test_attention.py::"
    "test_starting_a_review_does_not_notify_that_another_person_did": [
        "The client started a goal review. Add your answers.",
        "You started a goal review: add your answers",
    ],
    "goals/tests/test_attention.py::"
    "test_cleo_is_told_that_her_therapist_started_a_review": [
        "Goal review: your answers are missing.",
        "Your therapist started a goal review: add your answers",
    ],
    "goals/tests/test_signals.py::test_a_refusal_notifies_with_what_is_left": [
        "The client declined a new wording. The earlier one is proposed again.",
        "Your therapist declined your new wording. The earlier one is proposed again",
    ],
    "goals/tests/test_who_is_told.py::"
    "test_declining_a_new_wording_leaves_the_goal_that_both_agreed_to": [
        "Declined. The wording you both once agreed to is not in effect.",
        "What you both once agreed to, not in effect now: <span "
        'class="own">%(words)s</span>',
        "The client declined a new wording. No wording of the goal is in effect.",
        "Your therapist declined your new wording. No wording of this goal is in "
        "effect",
    ],
    "goals/tests/test_who_is_told.py::"
    "test_a_decline_that_closes_a_goal_asks_for_confirmation": [
        "The goal is then closed. It stays in the history, and you can propose it "
        "again as a new goal.",
        "The client declined a goal. It is closed.",
        "Your therapist declined this goal. It is closed",
    ],
    "goals/tests/test_who_is_told.py::"
    "test_a_combined_wording_is_asked_for_until_there_is_one": [
        "You both chose a combined wording. Nothing is proposed yet.",
        "You both chose a combined wording: propose one",
    ],
    "goals/tests/test_review_after_care.py::"
    "test_thea_cannot_close_alone_what_cleo_agreed_to": [
        "A review needs both of you.",
        "A review needs both of you. %(name)s closed the portal account and can answer "
        "after joining again.",
        "A review needs both of you. %(name)s is discharged and can answer once "
        "readmitted.",
    ],
    "goals/tests/test_enough_ratings.py::"
    "test_all_pages_agree_on_when_there_are_enough_ratings": [
        "One rating so far, %(last)s. A line needs ratings on three days.",
        "Two ratings so far, %(first)s and %(last)s. A line needs ratings on three "
        "days.",
        "%(times)s ratings on one day, the last one %(last)s. A line needs ratings "
        "on three days.",
        "%(times)s ratings on two days, %(first)s and %(last)s. A line needs "
        "ratings on three days.",
    ],
    "goals/tests/test_enough_ratings.py::"
    "test_a_goal_never_agreed_to_is_not_part_of_the_mean": [
        "%(many)s was never agreed by both and is left out.",
        "%(many)s were never agreed by both and are left out.",
        "Never agreed by both, so not in the average.",
    ],
    "portal/tests/test_home.py::test_at_most_three_things_are_asked_agreements_first": [
        "%(more)s more after these.",
        "%(more)s more after these.",
    ],
    "goals/tests/test_trial.py::test_a_review_ends_the_trial_and_the_page_says_so": [
        "That ended the two weeks in which you tried both.",
    ],
    "goals/tests/test_trial.py::"
    "test_keeping_both_wordings_promises_a_review_only_if_one_is_set": [
        "No review date is set. You can review it at any time.",
    ],
    "digests/tests/test_digest_pages.py::"
    "test_a_page_due_in_a_minute_is_not_announced_for_next_week": [
        "Your first weekly summary is being prepared. It will be here in a few "
        "minutes.",
    ],
    "goals/tests/test_not_in_effect.py::"
    "test_a_goal_that_is_not_in_effect_is_not_offered_for_rating": [
        "You can rate it once it is in effect again.",
    ],
    "goals/tests/test_review_day.py::test_an_empty_date_leaves_the_goals_date": [
        "The review date can be moved, not removed. Leave it empty to keep the "
        "current date.",
    ],
    "goals/tests/test_review_day.py::"
    "test_a_due_review_stays_due_if_nobody_entered_a_date": [
        "The review is due. Leave it empty to keep it due, or enter a later date.",
    ],
    "goals/tests/test_same_story.py::test_withdrawing_a_proposal_says_what_is_left": [
        "Nothing is then proposed, and version %(number)s is not in effect because "
        "an agreement to it was withdrawn. Your proposal stays in the history.",
    ],
    "goals/tests/test_same_story.py::"
    "test_the_other_side_is_notified_that_a_goal_was_resumed": [
        "Your therapist resumed this goal",
        "The client resumed a goal.",
    ],
    "goals/tests/test_same_story.py::"
    "test_a_wording_that_is_pending_again_is_not_called_new": [
        "%(name)s’s earlier wording needs your agreement again",
    ],
    "goals/tests/test_same_story.py::"
    "test_an_answer_of_one_side_alone_is_shown_to_that_side_only": [
        "A review ended without a decision",
    ],
    "goals/tests/test_counter_words.py::"
    "test_keep_my_wording_shows_which_wording_that_is": [
        'Your earlier wording: <span class="own">%(words)s</span>',
        'The earlier wording: <span class="own">%(words)s</span>',
    ],
    "goals/tests/test_colleagues_agreement.py::"
    "test_theo_withdraws_theas_proposal_and_is_told_whose_it_was": [
        "The current wording stays in effect. The withdrawn proposal stays in the "
        "history.",
    ],
    "goals/tests/test_colleagues_agreement.py::"
    "test_theo_reads_which_wording_counts_without_theas_proposal": [
        "Nothing is then proposed, and version %(number)s is not in effect because an"
        " agreement to it was withdrawn. The withdrawn proposal stays in the history.",
        "Version %(number)s is then the proposal again. The withdrawn one stays in the"
        " history.",
    ],
    "goals/tests/test_colleagues_agreement.py::"
    "test_theo_withdraws_what_thea_and_cleo_agreed_to": [
        "Without the therapists’ agreement this wording is not in effect.",
    ],
    "goals/tests/test_colleagues_agreement.py::"
    "test_theo_reads_two_wordings_as_theas_and_cleos": [
        "%(name)s can agree to %(mine)s’s wording at any time. You can suggest the"
        " other one.",
    ],
    "goals/tests/test_colleagues_agreement.py::"
    "test_after_cleos_proposal_the_other_wording_is_theas_to_theo": [
        "You can agree to the other wording at any time. %(name)s can suggest "
        "%(mine)s’s.",
    ],
    "goals/tests/test_two_keys.py::"
    "test_two_who_try_both_without_an_agreed_goal_see_the_date_and_can_review_it": [
        "You are both asked to review it that day. There is no need to agree.",
    ],
    "tests/test_long_lists.py::test_the_ratings_of_a_session_have_an_end": [
        "Only the newest 50 ratings of this session are shown.",
    ],
    "goals/tests/test_comments.py::"
    "test_a_rating_chosen_together_says_so_wherever_its_author_is_named": [
        "It stays your rating, marked as chosen together.",
    ],
    "accounts/tests/test_addresses.py::"
    "test_a_new_address_is_confirmed_from_its_mailbox_and_both_are_told": [
        "You sign in with %(email)s until the new one is confirmed.",
        "You will sign in with %(email)s, and we’ll email you there.",
        "Waiting for %(email)s to be confirmed",
    ],
    "accounts/tests/test_addresses.py::"
    "test_the_link_works_for_nobody_else_and_expires_after_a_day": [
        "Someone wants to use this address for their account. This link confirms it. "
        "It works until %(expires)s.",
    ],
    "accounts/tests/test_coming_in.py::"
    "test_a_changed_password_ends_the_other_sign_ins": [
        "You stay signed in here and are signed out on all other devices. We’ll "
        "email you about it.",
    ],
    "accounts/tests/test_coming_in.py::"
    "test_a_form_sent_after_the_sign_in_ended_loses_no_text": [
        "Your sign-in had ended when you sent this. Nothing was changed, and your "
        "text is below to copy.",
    ],
    "accounts/tests/test_coming_in.py::test_an_expired_link_is_closed": [
        "It was already used, or it is older than three days. If you have a "
        "password, sign in. If not, ask for a new link.",
    ],
    "accounts/tests/test_coming_in.py::"
    "test_a_password_reset_does_not_reveal_who_has_an_account": [
        "If it wasn’t you, do nothing: your password stays the same.",
    ],
    "accounts/tests/test_coming_in.py::test_help_shows_only_verified_lines": [
        "Your practice’s own crisis lines are here when you are signed in.",
    ],
    "accounts/tests/test_coming_in.py::"
    "test_nadia_joins_once_with_password_zone_and_the_privacy_notice": [
        "You are invited. This link opens your account. It works once, until "
        "%(expires)s.",
    ],
    "accounts/tests/test_coming_in.py::test_nobody_can_sign_up": [
        "If it wasn’t you, do nothing: nobody else can use your account.",
    ],
    "accounts/tests/test_coming_in.py::"
    "test_theo_gets_back_in_after_a_forgotten_password": [
        "If there’s an account, we sent a link. It works once, for an hour. Nothing "
        "after a few minutes? Check your spam folder, or ask your practice.",
        "Someone, perhaps you, asked for a new password. This link works once.",
        "Enter your email. If there’s an account, we’ll send a link to reset your "
        "password.",
        "It was already used or has expired. You can get a new one.",
    ],
    "accounts/tests/test_devices.py::"
    "test_a_new_device_is_reported_by_email_and_the_first_is_not": [
        "Your account was signed in to from a new device on %(then)s.",
    ],
    "accounts/tests/test_reauthentication.py::"
    "test_a_form_sent_too_late_does_nothing_and_loses_no_text": [
        "You last confirmed more than five minutes ago. Nothing was changed, and "
        "your text is below to copy.",
    ],
    "accounts/tests/test_reauthentication.py::"
    "test_after_six_minutes_thea_confirms_and_continues": [
        "We won’t ask again for five minutes.",
    ],
    "accounts/tests/test_ways_at_once.py::test_an_admins_action_meanwhile_stays": [
        "They changed after you opened this page, so nothing was saved here.",
        "Your sign-in methods changed",
    ],
    "accounts/tests/test_ways_at_once.py::"
    "test_a_double_click_on_adding_the_app_says_that_it_is_added": [
        "This was already added",
        "You can use it to sign in.",
    ],
    "accounts/tests/test_ways_at_once.py::"
    "test_codes_regenerated_in_two_tabs_at_once_are_the_ones_shown": [
        "New recovery codes were already made",
        "If you pressed twice, the first press made them. Your old codes no longer "
        "work. See the new ones on the next page: they are shown once.",
    ],
    "accounts/tests/test_second_step.py::test_a_recovery_code_signs_thea_in_once": [
        "If you lose your phone, each code signs you in once, together with your "
        "password. Paper in a drawer at home is good; a photo on the same phone is "
        "not.",
    ],
    "accounts/tests/test_second_step.py::"
    "test_a_hint_appears_before_the_codes_run_out": [
        "You have %(left)s code left. Codes are shown once, when they are made. If "
        "you no longer have them, make new ones.",
        "You have %(left)s codes left. Codes are shown once, when they are made. "
        "If you no longer have them, make new ones.",
    ],
    "accounts/tests/test_second_step.py::"
    "test_changing_sign_in_methods_requires_reauthentication": [
        "We’ll ask you to confirm it’s you, and email you about the change.",
    ],
    "accounts/tests/test_second_step.py::"
    "test_removing_the_last_method_says_what_happens_to_the_codes": [
        "Removing it also deletes your recovery codes.",
    ],
    "accounts/tests/test_second_step.py::"
    "test_the_password_alone_signs_nobody_in_who_has_an_app": [
        "Protects your account if someone learns your password. It takes about two "
        "minutes.",
    ],
    "accounts/tests/test_second_step.py::"
    "test_staff_without_a_second_step_can_only_add_one": [
        "Protects your account if someone learns your password. Required for all "
        "staff; it takes about two minutes.",
    ],
    "accounts/tests/test_sign_ins.py::"
    "test_a_new_password_ends_all_other_sign_ins_and_is_told_by_mail": [
        "Your password, email address or two-step verification was changed on "
        "%(then)s.",
    ],
    "accounts/tests/test_sign_ins.py::"
    "test_thea_sees_her_devices_and_signs_out_one_she_does_not_recognize": [
        "Sign-in, devices and settings.",
    ],
    "clients/tests/test_care_requests.py::"
    "test_a_notice_disappears_once_its_reader_has_read_it": [
        "Sign in to read it. It stays there until you do.",
    ],
    "clients/tests/test_care_requests.py::"
    "test_a_pending_role_gives_no_access_in_the_program_or_the_database": [
        "%(role)s: waiting for your therapist to confirm; no access until then",
        "Your practice asked for %(name)s to be %(role)s. They have no access until "
        "your therapist confirms.",
        "Your answer is needed. Nothing changes until you give it. Sign in to "
        "read more.",
    ],
    "clients/tests/test_care_requests.py::"
    "test_ada_ends_a_role_and_cleo_and_thea_are_notified": [
        "%(name)s can no longer open your record as %(role)s.",
    ],
    "clients/tests/test_care_requests.py::"
    "test_cleo_and_thea_are_notified_before_it_takes_effect": [
        "%(name)s can open your record from %(when)s, as %(role)s.",
        "%(name)s will be your therapist, from %(when)s.",
        "Something is changing that you should know about. Sign in to read what, and "
        "from when.",
        "%(name)s can open your record now, as %(role)s.",
    ],
    "clients/tests/test_care_requests.py::"
    "test_thea_declines_and_everybody_can_read_that": [
        "Your therapist declined: %(name)s does not become %(role)s.",
    ],
    "clients/tests/test_emergency.py::"
    "test_it_ends_after_four_hours_or_when_theo_or_thea_ends_it": [
        "Something new needs your attention as soon as possible. Sign in to read it.",
    ],
    "clients/tests/test_emergency.py::"
    "test_nobody_gets_more_than_four_hours_even_by_sql": [
        "emergency access, for four hours at most",
    ],
    "clients/tests/test_emergency.py::"
    "test_theo_opens_the_record_read_only_and_everybody_is_notified_at_once": [
        "Someone else has viewed information in your account. Sign in to read who, and "
        "why.",
        "%(name)s used emergency access to your record.",
    ],
    "clients/tests/test_sign_in_reset.py::"
    "test_cleos_sign_in_is_reset_from_care_teams": [
        "Can’t use any of these? An admin of your practice can reset your sign-in.",
    ],
    "clients/tests/test_sign_in_reset.py::test_theo_gets_back_in_by_the_email_alone": [
        "Your sign-in was reset. Your old password and two-step verification no "
        "longer work. This link lets you choose a new password. It works once, for "
        "an hour.",
    ],
    "digests/tests/test_may_send.py::test_a_client_can_refuse_the_digest": [
        "Email me when my week is ready",
    ],
    "digests/tests/test_may_send.py::"
    "test_cleo_flies_west_and_is_reminded_in_her_new_time_zone": [
        "You see dates and times in your time zone.",
    ],
    "digests/tests/test_may_send.py::test_cleo_who_wants_no_reminders_gets_none": [
        "Sent because you asked for reminders. Sign in to change that.",
        "Remind me of sessions",
    ],
    "digests/tests/test_digest_pages.py::"
    "test_before_the_first_week_the_page_says_when_it_comes": [
        "Your first weekly summary comes %(when)s.",
    ],
    "digests/tests/test_plan.py::test_cleo_is_reminded_at_ten_the_day_before": [
        "The day before, at the same time",
    ],
    "digests/tests/test_plan.py::"
    "test_thea_gets_hers_on_monday_at_seven_and_cleo_on_sunday_at_five": [
        "Sent once a week. Sign in to change that.",
        "Sent once a week.",
    ],
    "digests/tests/test_send.py::test_an_email_arrives_once_with_its_own_message_id": [
        "Sent once for each change.",
        "Sent once, right away.",
    ],
    "digests/tests/test_schedule.py::test_a_day_before_means_the_same_time_of_day": [
        "Two days before, at the same time",
    ],
    "digests/tests/test_words.py::"
    "test_no_email_contains_names_of_people_or_of_the_practice": [
        "For signing in and for notices. Our emails never contain names or clinical "
        "details",
    ],
    "goals/tests/test_agreement.py::"
    "test_a_counterproposal_leaves_the_agreed_version_in_effect": [
        "Proposed. The current wording stays in effect until you both agree.",
        "The current wording stays in effect until both agree to the new one.",
    ],
    "goals/tests/test_agreement.py::test_cleo_proposes_and_thea_agrees": [
        "Either of you can propose one.",
    ],
    "goals/tests/test_agreement.py::test_history_cannot_be_rewritten": [
        "Exactly as said. It is always shown as a quote.",
    ],
    "goals/tests/test_agreement.py::"
    "test_one_agreement_is_not_enough_however_often_it_is_given": [
        "A goal here is yours: in your own words, and in effect only once you both "
        "agree.",
        "Only the client’s own words are needed. The goal is in effect once you both "
        "agree to the same wording.",
        "Proposed. It is in effect once you both agree.",
        "Proposed. You agreed to it; it is in effect once you both agree.",
        "A goal is active once you both agree.",
    ],
    "goals/tests/test_kept.py::test_the_line_for_a_harder_day_is_drafted_too": [
        "One sentence for a day when this gets hard again. It is saved with the "
        "goal; your therapist can read it too.",
    ],
    "goals/tests/test_proposing.py::test_the_own_words_alone_make_a_goal": [
        "Exactly as said. Only this is required.",
        "Only this is required.",
    ],
    "goals/tests/test_ratings_by_side.py::"
    "test_the_mean_is_of_cleos_ratings_and_says_so": [
        "From the client’s ratings.",
        "From your own ratings.",
        "From the therapist’s ratings.",
    ],
    "goals/tests/test_ratings_by_side.py::"
    "test_the_mean_uses_theas_ratings_only_for_a_goal_cleo_never_rated": [
        "From the client’s ratings; for %(many)s goal that the client rated on "
        "fewer than three days, from the therapist’s.",
        "From the client’s ratings; for %(many)s goals that the client rated on "
        "fewer than three days, from the therapist’s.",
        "From your own ratings; for %(many)s goal that you rated on fewer than "
        "three days, from your therapist’s.",
        "From your own ratings; for %(many)s goals that you rated on fewer than "
        "three days, from your therapist’s.",
    ],
    "overview/tests/test_goal_progress.py::"
    "test_levels_by_two_people_are_never_paired": [
        "From the levels that the client gave.",
        "From the levels you gave.",
        "Goal attainment appears here once the same person has given two levels for "
        "a goal.",
    ],
    "overview/tests/test_goal_progress.py::"
    "test_theas_levels_count_only_for_a_goal_without_cleos": [
        "From the levels that the client gave; for %(many)s goal where the client "
        "gave fewer than two, from the therapist’s.",
        "From the levels that the client gave; for %(many)s goals where the client "
        "gave fewer than two, from the therapist’s.",
        "From the levels you gave; for %(many)s goal where you gave fewer than two,"
        " from your therapist’s.",
        "From the levels you gave; for %(many)s goals where you gave fewer than "
        "two, from your therapist’s.",
    ],
    "overview/tests/test_goal_progress.py::"
    "test_a_goal_with_one_level_is_left_out_of_attainment": [
        "%(many)s goal with only one level is left out.",
        "%(many)s goals with only one level are left out.",
        "From the levels that the therapist gave.",
    ],
    "goals/tests/test_reviews.py::test_it_is_decided_when_both_chose_the_same": [
        "decided when you both choose the same",
    ],
    "goals/tests/test_reviews.py::"
    "test_neither_side_reads_the_others_answer_before_giving_its_own": [
        "%(mine)s’s answers are saved. They are shown once %(name)s has answered too.",
        "Your answers are saved. They are shown once %(name)s has answered too.",
        "Your answers are saved. They are shown once your therapist has answered too.",
        "You have both answered, and both answers are shown.",
    ],
    "goals/tests/test_reviews.py::test_without_a_portal_the_therapist_decides_alone": [
        "Nobody else can decide here, so your choice is final.",
    ],
    "goals/tests/test_comments.py::test_a_closed_goal_cannot_be_rated_or_given_steps": [
        "You’re no longer asked about it; its history stays. You can resume it at "
        "any time.",
        "You’re no longer asked about it. Its full history stays.",
    ],
    "goals/tests/test_comments.py::"
    "test_cleos_comment_is_marked_seen_discussed_and_changed": [
        "Both of you can see the date and the outcome.",
        "It is saved with the goal. You can mark it as discussed.",
        "Both of you can read it with the goal, and mark it as discussed.",
        "Comment saved for both of you.",
        "Saved for both of you.",
    ],
    "goals/tests/test_two_keys.py::test_withdrawing_a_first_proposal_closes_the_goal": [
        "It is then no longer a goal. It stays in the history.",
    ],
    "goals/tests/test_two_keys.py::"
    "test_accepting_the_others_wording_is_offered_to_each_in_the_way_they_can": [
        "Either of you can change your mind",
        "%(name)s can agree to your wording at any time. You can suggest the other "
        "one.",
        "You can agree to the other wording at any time. %(name)s can suggest yours.",
        "You can agree to the other wording at any time.",
        "You can suggest the other wording at any time.",
    ],
    "goals/tests/test_two_keys.py::test_each_reads_both_suggestions_and_the_result": [
        "Suggested. It is decided once you both choose the same.",
        "You both chose the same: %(choice)s.",
    ],
    "goals/tests/test_two_keys.py::"
    "test_withdrawing_a_proposal_leaves_the_agreed_wording": [
        "The current wording stays in effect. Your proposal stays in the history.",
        "Agreed goals stay agreed",
    ],
    "goals/tests/test_two_keys.py::test_both_see_both_wordings_side_by_side": [
        "Both versions are saved.",
        "It is shown beside the other wording. Neither replaces the other.",
    ],
    "goals/tests/test_two_keys.py::"
    "test_cleo_can_decline_a_goal_that_is_not_hers_and_thea_cannot": [
        "Declined. The goal is closed and keeps its history.",
    ],
    "goals/tests/test_counter_words.py::"
    "test_withdrawing_a_new_wording_leaves_the_other_sides_goal": [
        "Version %(number)s is then the proposal again. Yours stays in the history.",
    ],
    "goals/tests/test_counter_words.py::test_cleo_keeps_her_own_wording": [
        "Declined. Version %(number)s is the proposal again.",
    ],
    "goals/tests/test_counter_words.py::"
    "test_a_wording_cleo_only_agreed_to_is_not_called_hers": [
        "Keep the earlier wording",
    ],
    "goals/tests/test_two_keys.py::test_cleo_keeps_the_agreed_wording": [
        "Declined. The current wording stays in effect.",
    ],
    "goals/tests/test_two_keys.py::test_cleo_withdraws_and_nothing_is_in_effect": [
        "You can withdraw your agreement at any time, on your own phone.",
        "Without your agreement this wording is not in effect.",
        "Nothing is lost: either of you can propose again or agree again.",
        "Not in effect: an agreement was withdrawn.",
    ],
    "goals/tests/test_two_keys.py::"
    "test_after_both_withdraw_the_goal_is_closed_and_needs_both_agreements_again": [
        "Neither of you then agrees to this wording, and the goal is set aside.",
        "Either of you can resume it.",
        "You both decided it.",
    ],
    "goals/tests/test_two_keys.py::"
    "test_while_they_differ_the_agreed_version_stays_and_nobody_is_asked": [
        "You each see this goal differently. Both versions are saved, and there is no "
        "need to agree.",
        "You each see this goal differently. Both versions are saved.",
        "There is no need to agree.",
        "Version %(number)s stays in effect.",
        "Version %(number)s stays in effect",
    ],
    "goals/tests/test_two_keys.py::"
    "test_trying_both_wordings_sets_a_review_in_two_weeks": [
        "What you do counts for either wording; then you review",
    ],
    "goals/tests/test_two_keys.py::test_a_combined_wording_starts_with_both_in_view": [
        "Starts a new proposal from the two texts",
    ],
    "goals/tests/test_what_is_agreed.py::"
    "test_a_declined_goal_says_who_declined_it_and_becomes_a_new_one": [
        "Your wording is below. You can propose it as a new goal.",
    ],
    "goals/tests/test_what_is_agreed.py::"
    "test_a_late_decision_says_what_was_decided_meanwhile": [
        "Your answers arrived after that and were not saved.",
    ],
    "goals/tests/test_what_is_agreed.py::"
    "test_the_history_says_with_whose_answer_a_review_was_decided": [
        "Decided with %(who)s’s answer, %(day)s",
    ],
    "goals/tests/test_what_is_agreed.py::"
    "test_a_goal_marked_reached_by_thea_alone_names_her": [
        "Marked as reached by %(name)s.",
        "You marked it as reached.",
    ],
    "goals/tests/test_what_is_agreed.py::"
    "test_a_discharged_client_is_not_asked_to_agree": [
        "Your therapy here has ended, so you can’t agree.",
    ],
    "goals/tests/test_what_is_agreed.py::"
    "test_it_waits_only_for_a_client_who_can_agree": [
        "%(name)s can agree after joining the portal.",
        "%(name)s closed the portal account and cannot agree there.",
        "%(name)s has no portal account and cannot agree there.",
        "%(name)s is discharged and cannot agree.",
    ],
    "goals/tests/test_what_is_agreed.py::"
    "test_resumed_before_the_agreed_date_it_keeps_that_date": [
        "You review it on the review date, or at any time",
    ],
    "goals/tests/test_what_is_agreed.py::test_a_resumed_goal_has_a_review_date_again": [
        "Paused, with its history. Resume it at any time",
    ],
    "goals/tests/test_what_is_agreed.py::"
    "test_with_nothing_agreed_proposing_promises_no_agreed_wording": [
        "Nothing is agreed at the moment. By proposing, you agree to what you "
        "write here.",
    ],
    "portal/tests/test_after_discharge.py::"
    "test_every_form_of_the_portal_is_refused_or_allowed_after_discharge": [
        "Your portal is now read-only",
    ],
    "portal/tests/test_handing_over.py::test_cleo_reaches_one_page_and_nothing_else": [
        "%(name)s is signed out here until they sign in again. You won’t see anyone "
        "else’s record, and %(name)s can’t answer for you.",
    ],
    "portal/tests/test_handing_over.py::"
    "test_the_page_after_it_can_be_opened_only_once": [
        "You are signed out here. %(name)s can sign in again.",
        "You are signed out here.",
    ],
    "portal/tests/test_handing_over.py::"
    "test_a_goal_that_does_not_wait_for_cleo_cannot_be_handed_over": [
        "Or do it on your own phone, at any time. It is there too.",
    ],
    "portal/tests/test_handing_over.py::"
    "test_the_device_returns_to_thea_whatever_cleo_presses": [
        "When you choose one of these, you are signed out here, and your therapist "
        "signs in again.",
    ],
    "portal/tests/test_home.py::test_cleo_says_how_an_exercise_went": [
        "You answered %(day)s; a new answer replaces it.",
    ],
    "portal/tests/test_home.py::test_the_newest_reached_step_is_the_positive_thing": [
        "The first step reached appears here, and anything else that went a little "
        "better than expected.",
        "Add steps toward this goal. Start with one that could be done this week.",
        "The steps you reach appear here, one stone each. Small ones count.",
    ],
    "portal/tests/test_looked.py::"
    "test_a_goal_that_thea_opened_three_times_is_one_line": [
        "Every time your record was opened: who, in which role, and when",
        "<strong>You</strong> can see each time someone opened your record.",
    ],
    "portal/tests/test_portal_browser.py::"
    "test_leaving_takes_one_click_and_back_shows_nothing": [
        "The button at the top, or Shift pressed three times, hides the page at "
        "once, signs you out and shows the weather. “Back” then leads only to the "
        "sign-in page. Its address still shows which page you left, not what was on "
        "it. Your browser history still shows that you were here, and so can the "
        "people who run the network. A private window saves no history.",
    ],
    "portal/tests/test_promises.py::test_help_now_is_on_every_page_of_the_portal": [
        "<strong>No one monitors Cairn around the clock.</strong> “Help now” is always "
        "at the top.",
    ],
    "portal/tests/test_promises.py::"
    "test_recovery_codes_are_shown_once_and_new_ones_end_the_old": [
        "They are shown only once. Print them or write them down now.",
        "New codes replace all of these.",
    ],
    "portal/tests/test_rights.py::"
    "test_a_correction_reaches_thea_who_answers_and_cleo_reads_it": [
        "If something in your record is wrong, tell us. Your therapist reads it and "
        "must reply.",
        "Request sent. You’ll see the reply here.",
        "Ask for something in your record to be corrected, and read the reply",
    ],
    "portal/tests/test_rights.py::"
    "test_cleo_closes_her_account_and_is_signed_out_everywhere": [
        "You are signed out on every device. If you want to come back one day, "
        "your therapist can invite you again.",
        "You are signed out everywhere",
        "Nothing is deleted. Your therapist sees that you closed your account.",
        "Your therapy continues or ends as you and %(name)s decide.",
        "Your therapy continues or ends as you decide with the practice.",
    ],
    "portal/tests/test_strengths.py::test_cleo_chooses_how_to_celebrate_a_success": [
        "You choose, and can change it at any time. Your care team sees it before "
        "saying anything.",
    ],
    "portal/tests/test_strengths.py::test_cleo_rewords_it_and_her_wording_counts": [
        "Your wording replaces what %(name)s wrote.",
        "Your new wording replaces the current one.",
    ],
    "portal/tests/test_strengths.py::test_cleo_says_yes_and_it_is_added": [
        "Added to your strengths.",
        "With an example. You decide whether it fits.",
    ],
    "portal/tests/test_strengths.py::"
    "test_cleos_own_strength_is_added_at_once_with_its_goal": [
        "Added to your strengths.",
    ],
    "overview/tests/test_discharge.py::"
    "test_after_the_practices_period_the_portal_says_that_access_has_ended": [
        "%(practice)s still has your record, as the law requires. Email or call them "
        "if you want a copy or would like to come back.",
        "Your therapy here has ended, and so has your time to read here.",
    ],
    "overview/tests/test_goal_progress.py::"
    "test_before_the_third_day_it_is_too_early_to_tell": [
        "Progress appears here once one of you has rated an agreed goal on three days.",
    ],
    "overview/tests/test_goal_progress.py::"
    "test_the_mean_is_over_goals_rated_on_three_days": [
        "%(many)s was rated on fewer days and is left out.",
        "%(many)s were rated on fewer days and are left out.",
        "Over %(many)s goal that was rated on at least three days.",
        "Over %(many)s goals that were rated on at least three days.",
    ],
    "goals/tests/test_attention.py::test_deciding_to_keep_it_answers_the_question": [
        "You review it again in three months",
    ],
    "goals/tests/test_attention.py::"
    "test_a_reached_goal_is_mentioned_only_as_cleo_chose": [
        "Saved with the goal, where you both see it. No one mentions it",
        "You asked that no one bring it up.",
        "Don’t bring it up",
        "Privately: no one brings it up.",
        "You chose to talk about it: it is listed first for the next session.",
        "The client asked that no one bring it up.",
        "Quietly: only this note.",
        "A short note, no fuss",
        "The client chose a small ritual: one sentence, and the final stone.",
    ],
    "goals/tests/test_attention.py::"
    "test_both_are_reminded_to_talk_about_a_reached_goal": [
        "Goal reached: to talk about at your next session",
    ],
    "goals/tests/test_attention.py::"
    "test_what_they_want_to_talk_about_is_on_top_for_both": [
        "Listed first for the next session, for both of you",
        "You want to talk about this at your next session",
        "It comes up at the next session",
    ],
    "goals/tests/test_attention.py::"
    "test_the_person_who_asked_for_the_talk_is_named_to_both": [
        "You both want to talk about this at your next session",
        "Your therapist wants to talk about this at your next session",
        "The client wants to talk about a goal you see differently.",
        "You both want to talk about a goal you see differently.",
    ],
    "goals/tests/test_attention.py::"
    "test_the_other_side_is_notified_of_the_answer_until_it_opens_the_goal": [
        "The client declined a new wording. The agreed one stays in effect.",
        "Your therapist declined your new wording. The agreed one stays in effect",
        "Both of you can read it. It stays in the history.",
        "The client sees a goal differently.",
        "Your therapist sees this goal differently",
    ],
    "overview/tests/test_timeline.py::test_cleo_learns_of_opening_and_printing": [
        "Opening and printing are listed in “Who looked”.",
    ],
    "overview/tests/test_timeline.py::"
    "test_thea_can_add_the_dates_of_her_notes_and_cleo_cannot": [
        "Left out: what the notes say, reviews, comments, exercises, removed ratings "
        "and declined strengths. Goals set aside or reached and later resumed are "
        "left out too. Each side’s ratings are summed up once a month, separately "
        "for each wording.",
    ],
    "overview/tests/test_timeline.py::"
    "test_the_page_says_that_both_can_see_it_only_if_the_client_can": [
        "What both of you can see",
        "Without my notes’ dates",
    ],
    "appointments/tests/test_imported_sessions.py::"
    "test_cleo_reads_no_therapist_whom_the_list_did_not_name": [
        "Imported without a note.",
    ],
    "digests/tests/test_digest_pages.py::"
    "test_more_links_to_the_week_if_there_is_or_will_be_one": [
        "It was made before therapy ended. No new ones are made.",
    ],
    "overview/tests/test_timeline.py::test_what_the_timeline_leaves_out": [
        "Left out: session notes, reviews, comments, exercises, removed ratings and "
        "declined strengths. Goals set aside or reached and later resumed are left "
        "out too. Each side’s ratings are summed up once a month, separately for "
        "each wording.",
    ],
    "transfer/tests/test_record.py::test_an_export_says_what_it_leaves_out": [
        "emails and sign-in details",
    ],
    "transfer/tests/test_record.py::test_after_discharge_she_can_still_export_it": [
        "A copy to read and save, at any time",
    ],
    "transfer/tests/test_record.py::"
    "test_cleo_reads_that_thea_made_an_export_and_the_audit_log_who_downloaded_it": [
        "Making and downloading a copy is recorded.",
        "%(name)s can see it under “Who looked”.",
    ],
    "transfer/tests/test_record.py::test_cleos_export_contains_what_she_may_read": [
        "Contact details and preferences, the care team, and goals with every "
        "wording, agreement, rating, step, review and comment.",
        "Sessions with their signed notes, exercises, strengths, wins and corrections.",
        "A copy of what you and your therapist have here: to read on paper, and as "
        "files for another program.",
    ],
    "transfer/tests/test_record.py::test_only_the_person_who_asked_can_get_it": [
        "Made %(when)s. Only you can download it, until %(gone)s.",
    ],
    "transfer/tests/test_record.py::test_a_double_click_makes_one_and_audits_once": [
        "It takes a few seconds. You can leave this page; the copy will be here.",
    ],
    "transfer/tests/test_record.py::"
    "test_the_presenting_concern_is_in_theas_export_and_the_access_log_in_hers": [
        "And who opened your record.",
        "And the presenting concern, in your words.",
        "reasons for emergency access, which are under “Who looked”",
    ],
    "transfer/tests/test_record.py::"
    "test_a_failed_export_is_reported_and_not_retried_forever": [
        "The last copy could not be prepared. Try again. If it fails again, tell "
        "your practice.",
    ],
    "notes/tests/test_session.py::test_cleo_reads_the_signed_note_and_the_takeaway": [
        "<strong>Your therapist</strong> reads what you write here, and writes a "
        "note after each session.",
        "Your sessions, takeaways and shared notes.",
    ],
    "goals/tests/test_strengths.py::test_nor_does_the_database_accept_one_without": [
        "Strengths are listed here, each with an example.",
    ],
    "tests/test_long_lists.py::test_a_goal_has_so_many_links_from_either_end": [
        "This goal already has %(most)d links, the maximum. Remove a link before you "
        "add another.",
    ],
    "tests/test_long_lists.py::test_a_goal_has_so_many_steps": [
        "This goal already has %(most)d steps, the maximum. Remove a step, or add "
        "the next part as its own goal.",
    ],
    "tests/test_long_lists.py::test_a_record_has_so_many_open_goals_and_says_so": [
        "This record already has %(most)d open goals, the maximum. Close a goal "
        "before you open another.",
    ],
    "tests/test_long_lists.py::test_closing_and_proposing_over_and_over_has_an_end": [
        "This record already has %(most)d goals, open and closed, the maximum. "
        "Change an open goal instead.",
    ],
    "tests/test_long_lists.py::"
    "test_one_person_adds_so_many_in_a_day_and_keeps_the_words": [
        "You’ve reached the limit of %(most)d comments in 24 hours. Add this one "
        "tomorrow.",
        "You’ve reached the limit of %(most)d changes in 24 hours. Change them "
        "tomorrow.",
        "You’ve reached the limit of %(most)d ratings in 24 hours. Rate again "
        "tomorrow.",
    ],
    "tests/test_long_lists.py::test_one_wording_is_agreed_to_so_many_times": [
        "You agreed to this wording %(most)d times and withdrew each time. Suggest a "
        "new wording instead.",
    ],
    "tests/test_long_lists.py::test_practice_on_the_page_of_goals_has_an_end": [
        "Only the newest 20 are shown.",
    ],
    "tests/test_long_lists.py::test_the_chart_says_what_it_leaves_out": [
        "Only the newest %(most)s ratings are shown. A copy of the record has them "
        "all.",
    ],
    "tests/test_long_lists.py::test_the_open_goals_of_a_record_have_so_many_steps": [
        "The open goals of this record already have %(most)d steps, the maximum. "
        "Remove a step before you add another.",
    ],
    "tests/test_long_lists.py::test_the_timeline_tells_the_newest_and_says_so": [
        "Only the newest 500 steps and wins and the newest 3,000 ratings are "
        "shown. A copy of the record has them all.",
    ],
    "tests/test_long_lists.py::test_the_whole_history_says_what_it_leaves_out": [
        "Only the newest %(most)s of each kind are shown here. A copy of the "
        "record has them all.",
    ],
    "tests/test_long_lists.py::test_words_are_proposed_so_many_times": [
        "This record already has %(most)d proposals, the maximum. The wording can no "
        "longer be changed here.",
    ],
    "tests/test_staying.py::test_a_sign_in_that_ends_in_mid_sentence_loses_no_word": [
        "You were signed out. Sign in here to continue where you were.",
    ],
    "tests/test_staying.py::test_somebody_else_who_signs_in_there_sees_nothing_of_it": [
        'Not you? <a href="%(sign_in)s">Go to the sign-in page</a>. This text is '
        "shown only to the person who wrote it.",
        "Only you can see this. Copy what you need.",
    ],
    "tests/test_staying.py::"
    "test_two_minutes_before_the_end_it_asks_and_one_press_is_enough": [
        "You haven’t typed for a while. Cairn signs you out in two minutes. "
        "Everything you saved stays saved.",
    ],
    "tests/test_staying.py::"
    "test_what_was_typed_offline_is_sealed_and_there_after_a_crash": [
        "Can’t reach the server. Your text stays here; try again.",
        "Your latest text is not on the server yet. It is stored on this device and "
        "saved once you’re back.",
        "Your text is above, and stored on this device. Nothing is lost.",
        "It is stored in this browser only, encrypted, for 7 days. Copy what you need.",
    ],
    "tests/test_walk.py::test_a_stranger_finds_nothing_at_any_address": [
        "Sessions, notes, goals and what you wrote are part of your health record. "
        "The practice must keep it for as long as the law requires. Only your care "
        "team can read it. Your name, your contact details and the list of who "
        "looked stay with it.",
    ],
    "tests/test_walk.py::test_everybody_finds_their_own_pages_and_no_others": [
        "<strong>The practice’s admins</strong> see your name and contact details, "
        "never what you write.",
    ],
}
