"""Invented people and what they say, for the demo alone.  Nobody here exists."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Theme:
    """Something worked on: the words of the goal, its steps, and how sessions go."""

    wordings: list[str]
    clinical: str
    low: str
    high: str
    steps: list[str]
    data: list[str]
    assessment: list[str]
    plan: list[str]
    practice: list[str]
    take_away: list[str] = field(default_factory=list)


THEMES = {
    "travel": Theme(
        [
            "Take the bus into town on my own, and stay on when my heart races",
            "Get to work by train again, not only when my brother drives me",
        ],
        "Travel by public transport alone and stay until the planned stop, while the "
        "fear rises and falls",
        "I can’t picture it",
        "it’s just a bus",
        [
            "Stand at the stop for ten minutes",
            "One stop, with somebody",
            "One stop alone",
            "Two stops alone",
            "Into town, a friend on the phone",
            "Into town alone",
        ],
        [
            "Arrived early, had walked the last stop. Rehearsed the next ride in the "
            "chair: doors, pole, the seat by the driver.",
            "Rode on Tuesday and Friday. Hands shook for “about one song” and then less.",
            "Did not go this week: rain, and a full bus on Saturday that stayed in mind.",
            "Told a friend about the rides for the first time. Noticed that nobody on "
            "the bus looked up.",
        ],
        [
            "The urge to get off is now described as something that passes.",
            "The dip follows one hard ride, not a loss of ground.",
            "Stays with rising arousal instead of leaving.",
        ],
        [
            "One ride on a quiet line, one on a busy one. Look at both next time.",
            "Same stop, without the phone in hand.",
            "Name the wave when it comes; stay until it has passed once.",
        ],
        [
            "Two stops on Friday at 11, off at the library. Bad day: stand at the stop "
            "until one bus has gone",
            "Sit on the bench at the station for one train",
        ],
        [
            "The wave has a clock on it. I only have to be on the bus longer than it is.",
            "It goes up, and then it goes down. I had only ever met the up.",
        ],
    ),
    "no": Theme(
        [
            "Say no without three paragraphs of excuses",
            "Tell my manager what I cannot take on, before I have taken it on",
        ],
        "Decline requests briefly and tolerate the discomfort afterwards",
        "I always give in",
        "a plain no, and it’s fine",
        [
            "Notice one yes I did not mean",
            "Ask for time before I answer",
            "One small no, by message",
            "One no, said aloud",
        ],
        [
            "Sister’s visit. One “no” without an explanation, said on the phone.",
            "Agreed to a second late shift, and saw it while it happened.",
            "Wrote the sentence down beforehand and used half of it.",
        ],
        [
            "Guilt peaks within the hour and is gone by evening; worth tracking.",
            "The belief “they will leave” was tested twice and did not hold.",
        ],
        [
            "One request to answer with “I’ll tell you tomorrow”.",
            "Keep the two-sentence version in the phone.",
        ],
        [
            "When somebody asks for a favor, say “I’ll tell you tomorrow”, once",
            "One plain no to something small",
        ],
        ["I can be kind and still say no.", "Tomorrow is an answer."],
    ),
    "sleep": Theme(
        [
            "Sleep without going over the day",
            "Be in bed before midnight on work days, and stay there",
            "Wake at four and not begin the whole day at once",
        ],
        "Reduce pre-sleep rumination; regular rising time, seven days",
        "every night",
        "hardly ever",
        [
            "The same rising time for a week",
            "Phone in the kitchen at ten",
            "Night list, ten minutes before bed",
            "Up and out of bed when awake for twenty minutes",
        ],
        [
            "Four evenings with the night list; it took five minutes, not ten.",
            "Awake at four on three nights, got up twice instead of lying there.",
            "A worse week after the time change. Rising time kept.",
        ],
        [
            "Sleep is shorter but less broken; energy before noon improves.",
            "Worry has moved from the night to the list, as hoped.",
        ],
        [
            "List stays; rising time half an hour earlier from Monday.",
            "No catching up at weekends for two weeks.",
        ],
        [
            "Night list, ten minutes before bed",
            "Up at seven, weekends too. Bad night: up at half past",
        ],
        ["The list can stay awake for me."],
    ),
    "people": Theme(
        [
            "Eat lunch with the others twice a week",
            "Go to choir again, and stay for the tea",
            "Answer messages from friends the same week",
        ],
        "Re-engage in social contact; reduce avoidance and safety behaviors",
        "I walk the other way",
        "I look forward to it",
        [
            "Say hello to the person at the next desk",
            "One lunch, ten minutes",
            "Ask one question",
            "A whole lunch",
            "Invite somebody",
        ],
        [
            "Two lunches. Sat at the end of the table and was asked about the weekend.",
            "Wrote three messages on Sunday and got three answers.",
            "Stayed home after a remark on Tuesday; went again on Thursday.",
        ],
        [
            "Predictions of rejection are stronger than what happens.",
            "Contact is up; the after-the-fact review still takes an evening.",
        ],
        [
            "One question a lunch, then leave when it suits.",
            "Write down what was feared and what happened.",
        ],
        [
            "Lunch on Tuesday and Thursday. Bad day: ten minutes with a cup of tea",
            "Answer one message before breakfast",
        ],
        ["They asked where I had been. So somebody had noticed."],
    ),
    "grief": Theme(
        [
            "Be able to go into Dad’s room and open the window",
            "Keep one evening a week for missing her, and live in the others",
        ],
        "Approach avoided reminders of the loss; oscillate between loss and restoration",
        "I cannot go near it",
        "I can be there, and leave again",
        [
            "Stand at the door",
            "Open the door, with somebody",
            "Sit inside for five minutes",
            "Choose one thing to keep",
            "Open the window",
        ],
        [
            "Brought a photograph. Talked about the summer before the illness.",
            "Sat in the room for ten minutes with the radio on.",
            "A hard week around the birthday; went to the lake as planned.",
        ],
        [
            "Sorrow comes and goes; less guarding against it.",
            "Avoidance is narrower: the room, no longer the street.",
        ],
        [
            "One memory told to a cousin, chosen freely.",
            "Plan the anniversary, with a place to be and a place to leave to.",
        ],
        [
            "Five minutes in the room on Sunday, radio on",
            "Write one letter that need not be sent",
        ],
        ["Missing him is how I still talk to him."],
    ),
    "mood": Theme(
        [
            "Get out of the house before noon, most days",
            "Have two hours in the week that are mine and not about coping",
            "Cook something real three times a week",
        ],
        "Behavioural activation: regular morning activity, mastery and pleasure",
        "the day is gone before it begins",
        "I’m out, and it is nothing special",
        [
            "Dressed by ten",
            "To the corner and back",
            "The bakery",
            "The park, once round",
            "Out before noon, four days",
        ],
        [
            "Out on five mornings; two of them were only the corner.",
            "Slow start, sat with the coat on for an hour and went all the same.",
            "Cooked on Monday and Wednesday, ate with a neighbour.",
        ],
        [
            "Activity leads mood by about a day, as the diary shows.",
            "Self-criticism about “only the corner” taken up directly.",
        ],
        [
            "Two mornings with an appointment, the others free.",
            "Rate pleasure and effort apart for a week.",
        ],
        [
            "Bakery on Tuesday and Friday before eleven. Bad day: the corner",
            "One song, standing up, after breakfast",
        ],
        ["Only the corner is still outside.", "I do not have to feel like it first."],
    ),
    "harsh": Theme(
        [
            "Talk to myself the way I talk to my daughter",
            "Hand in work that is good, not finished for ever",
        ],
        "Reduce self-criticism and perfectionist checking; practice self-compassion",
        "the voice runs all day",
        "I hear it, and go on",
        [
            "Write the sentence down as it comes",
            "Say it in a friend’s voice",
            "One thing handed in at good enough",
            "A mistake told to somebody",
        ],
        [
            "Brought eleven sentences from one day. Read them aloud in two voices.",
            "Handed in the report on Thursday without the third check.",
            "The voice was loud after the review; did the break twice.",
        ],
        [
            "Recognises the critic within minutes rather than hours.",
            "Checking is down from three rounds to one.",
        ],
        [
            "One reply a day, in the words one would use for a friend.",
            "Choose beforehand what good enough is.",
        ],
        [
            "One kind reply a day, written down",
            "Hand in one thing at good enough",
        ],
        ["It is a voice, not the news."],
    ),
    "panic": Theme(
        [
            "Go to the supermarket alone and pay at the till",
            "Stay in the meeting when my chest gets tight",
        ],
        "Interoceptive and situational exposure without safety behaviors",
        "I leave",
        "it comes, and I stay",
        [
            "Breathe fast for a minute, here",
            "The shop, five minutes, no basket",
            "One thing, self-checkout",
            "A whole list, at the till",
        ],
        [
            "Did the breathing exercise twice in the room; fear from 8 to 4.",
            "Went on Wednesday and left the basket; went again on Friday and paid.",
            "Meeting on Monday: tight chest for four minutes, stayed.",
        ],
        [
            "Catastrophic reading of the racing heart is less certain.",
            "Still carries water everywhere; next to be left at home once.",
        ],
        [
            "Till twice, without headphones.",
            "Note the peak and how long it lasted, nothing else.",
        ],
        [
            "Shop on Wednesday and Saturday, pay at the till",
            "Breathe fast for one minute, then wait, three times",
        ],
        ["Four minutes. I have waited longer for coffee."],
    ),
    "couple": Theme(
        [
            "Say what I need before I am angry",
            "Argue and still eat together afterwards",
        ],
        "Earlier assertive expression; repair attempts after conflict",
        "it comes out as a door",
        "I can say it in one sentence",
        [
            "Notice the first sign",
            "Ask for ten minutes",
            "One sentence that begins with I",
            "Say sorry for my part",
        ],
        [
            "One argument, with a pause asked for and kept.",
            "Said “I would like you to ask me about it” at breakfast.",
            "Slept apart on Friday, walked together on Saturday.",
        ],
        ["Repair comes within hours, earlier it took days."],
        ["The pause has a time when it ends. Practise the sentence aloud."],
        ["One sentence that begins with I, on a quiet day"],
        ["A pause is not a door."],
    ),
    "drink": Theme(
        ["Four evenings a week without wine, also when nobody sees"],
        "Alcohol-free days; coping plan for 18 to 20 o’clock",
        "every evening",
        "I choose, and know why",
        [
            "Write down a normal week",
            "One evening without",
            "Three evenings without",
            "A party, with something else in the glass",
        ],
        [
            "Three evenings without. Walked at six instead; the hour is the hard part.",
            "Two glasses on Saturday, planned and kept to.",
        ],
        ["Urge is tied to coming home alone; the walk helps."],
        ["Walk at six on work days; tea is ready before."],
        ["A walk at six, three days. Bad day: once round the house"],
        ["It is the hour, not me."],
    ),
}


@dataclass(frozen=True)
class DemoPerson:
    """A client of the demo; `slot` is weekday offset from today and hour."""

    first: str
    last: str
    pronouns: str
    therapist: str
    themes: list[str]
    concern: str
    slot: tuple[int, str]
    weeks: int = 26
    kind: str = ""  # "new", "paused", "quiet", "gone" or ""


PEOPLE = [
    DemoPerson("Cleo", "Hart", "she/her", "thea", ["travel", "no", "sleep"],
           "Stopped taking the bus after a panic on the way to work in spring. Lives "
           "with her friend Jo, plans the day around being driven.", (0, "14:00"), 24),
    DemoPerson("Marcus", "Abara", "he/him", "thea", ["panic", "people"],
           "Leaves meetings when his chest tightens; was told his heart is fine.",
           (0, "09:00")),
    DemoPerson("Noor", "Haddad", "she/her", "thea", ["harsh", "sleep"],
           "Works until two at night and finds nothing she does good enough.",
           (0, "10:15")),
    DemoPerson("Mina", "Farrokh", "she/her", "thea", ["couple", "no"],
           "Quarrels at home that end in days of silence.", (0, "16:30")),
    DemoPerson("Beth", "Carrow", "she/her", "thea", ["mood", "people"],
           "Low since the move; the days run into each other.", (1, "09:00")),
    DemoPerson("Rowan", "Pike", "they/them", "thea", ["people", "harsh"],
           "Avoids the canteen and most messages since changing jobs.", (1, "11:30")),
    DemoPerson("Tomás", "Vidal", "he/him", "thea", ["panic"],
           "Accident two winters ago, has not driven through the tunnel since.",
           (1, "14:00")),
    DemoPerson("Ewa", "Nowak", "she/her", "thea", ["mood"],
           "Came after her doctor asked twice. Sleeps by day.", (1, "15:15"), 2, "new"),
    DemoPerson("Aisha", "Bello", "she/her", "thea", ["sleep", "no"],
           "Nurse on shifts; lies awake and goes over the ward.", (2, "09:00")),
    DemoPerson("Priya", "Raman", "she/her", "thea", ["harsh"],
           "Doctorate, third extension. Checks every page many times.", (2, "10:15")),
    DemoPerson("Daniel", "Okafor", "he/him", "thea", ["drink", "mood"],
           "A bottle most evenings since the separation; wants to choose again.",
           (3, "10:15")),
    DemoPerson("Grace", "Adeyemi", "she/her", "thea", ["grief"],
           "Her father died in March; his room has been shut since.", (3, "14:00")),
    DemoPerson("Sam", "Whitlock", "they/them", "thea", ["people"],
           "Asked for a break until the exams are over.", (3, "16:30"), 14, "paused"),
    DemoPerson("Peter", "Lindholm", "he/him", "thea", ["mood"],
           "Retired in summer. Says little on the phone.", (4, "11:30"), 16, "quiet"),
    DemoPerson("Carl", "Osei", "he/him", "theo", ["sleep", "mood"],
           "Night work for ten years, cannot find the days again.", (0, "11:30")),
    DemoPerson("Jonas", "Weber", "he/him", "theo", ["panic", "people"],
           "Panic in queues; orders everything to the door.", (1, "09:00")),
    DemoPerson("Oskar", "Holm", "he/him", "theo", ["drink"],
           "His partner asked him to come.", (2, "10:15"), 26, "gone"),
    DemoPerson("Sofia", "Marques", "she/her", "theo", ["grief", "sleep"],
           "Lost her sister last autumn.", (2, "14:00")),
    DemoPerson("Hana", "Suzuki", "she/her", "theo", ["harsh", "no"],
           "First year as head of a team.", (3, "09:00")),
    DemoPerson("Yusuf", "Demir", "he/him", "theo", ["travel"],
           "Has not taken a train since a long delay in a tunnel.", (4, "10:15")),
    DemoPerson("Ines", "Keller", "she/her", "iris", ["people"],
           "New in town, speaks to nobody but the cat, as she says.", (1, "10:15"), 2,
           "new"),
    DemoPerson("Liam", "Doyle", "he/him", "iris", ["couple"],
           "Becoming a father in February; old quarrels come up.", (2, "15:15"), 1,
           "new"),
    DemoPerson("Anton", "Varga", "he/him", "iris", ["sleep"],
           "Wakes at four and begins the whole day at once.", (3, "11:30"), 10),
    DemoPerson("Lucia", "Ferri", "she/her", "iris", ["mood"],
           "Burnt out after two years of caring for her mother.", (4, "14:00"), 20),
]  # fmt: skip

STAFF = [
    ("thea", "Thea Lindqvist", "she/her", True, False),
    ("theo", "Theo Marsh", "he/him", True, False),
    ("iris", "Iris Moreau", "she/her", True, False),
    ("ada", "Ada Byrne", "she/her", False, True),
]

PRIVACY = """What you write here is kept for your therapy and for nothing else.

Your therapist reads what you write and writes a note after each session, which you can read once it is signed. If a note is held back for a while, its session says so, and you can ask why.

The practice’s admins see your name, how to reach you and who treats you. They do not see your words.

Everything you and your therapist write is encrypted with a key of its own. You see each time somebody opened your record.

Nobody reads Cairn around the clock. In an emergency use “Help now”."""

# How some of them write their own name; the code calls them by the one above.
WRITTEN = {
    "Noor": ("نور", "حداد"),
    "Hana": ("花", "鈴木"),
    "Anton": ("Антон", "Варга"),
}
