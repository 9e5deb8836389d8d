"""Words that `edits.py` and `rewrites.py` put in the place of others."""

from __future__ import annotations

_BOTH_WAYS = """
    rises/falls wins/loses approves/rejects backs/opposes upholds/overturns blocks/allows lifts/imposes raises/cuts
    denies/confirms joins/leaves closes/reopens starts/ends launches/scraps hires/fires buys/sells arrested/released
    convicted/acquitted found/missing signs/vetoes survives/dies accepts/refuses praises/slams halts/resumes adds/drops
    enters/quits bans/legalizes above/below more/fewer higher/lower boosts/slashes eases/tightens strengthens/weakens
    deploys/withdraws north/south east/west men's/women's men/women boy/girl mother/father husband/wife summer/winter
    Republicans/Democrats Republican/Democratic House/Senate Russia/Ukraine
"""
_ONE_WAY = """
    surges/slumps jumps/drops gains/loses beats/loses expands/shrinks arrives/departs opens/closes begins/ends
    resigns/stays guilty/innocent killed/rescued passes/fails agrees/refuses welcomes/condemns hails/blasts
    defends/attacks warns/reassures pauses/resumes delays/speeds returns/leaves grants/denies extends/shortens up/down
    best/worst record-high/record-low increase/decrease sues/settles advances/retreats invites/disinvites
    supports/opposes before/after first/last son/daughter morning/evening spring/autumn preview/recap Israel/Iran
    Gaza/Lebanon Tokyo/Seoul London/Paris Paris/Berlin Texas/Florida Florida/Ohio California/Nevada China/India
    India/Pakistan Apple/Google Google/Microsoft Microsoft/Amazon
"""
_SYNONYMS = """
    says/said; says/announces; set to/will; kills/leaves dead; after/following; police/cops; officials/authorities;
    US/U.S.; UK/Britain; President/Pres.; million/m; billion/bn; percent/%; two/2; three/3; four/4; five/5; six/6;
    seven/7; eight/8; nine/9; ten/10; over/about; amid/during; killed/dead; and/&; dies/is dead; big/major;
    major/large; plan/proposal; begins/starts; ends/finishes; won't/will not; can't/cannot; isn't/is not;
    report/study; study/research; urges/calls on; bid/attempt; probe/investigation; investigation/inquiry;
    fire/blaze; crash/wreck; shooting/gunfire; murder/killing; jail/prison; storm/tempest; lawmakers/legislators;
    lawmaker/legislator; government/administration; firm/company; company/business; deal/agreement; warns/cautions;
    nearly/almost; near/close to; wins/takes; chief/head; boss/chief; announces/unveils; unveils/reveals;
    reveals/discloses; hits/strikes; backs/supports; rejects/turns down; slams/criticizes; blasts/condemns;
    halts/stops; meets/sits down with; children/kids; injured/hurt; wounded/injured; suspect/accused; seeks/wants;
    aims to/seeks to; faces/confronts; raises/lifts; cuts/trims; drops/falls; rises/climbs; jumps/surges;
    plunges/tumbles; new/fresh; do not/don't; does not/doesn't; did not/didn't; court/tribunal; home/house;
    vows/pledges; claims/says
"""

_pairs = [(first, second) for first, _, second in (pair.partition("/") for pair in _BOTH_WAYS.split())]
OTHER_FACTS = dict(pair.split("/") for pair in _ONE_WAY.split()) | dict(_pairs) | {b: a for a, b in _pairs}
"""Words and others of which only one can be true of the same event, as written or in lower case."""
SYNONYMS = [(first.strip(), second.strip()) for first, _, second in (p.partition("/") for p in _SYNONYMS.split(";"))]
"""Two ways to say the same in most headlines."""
