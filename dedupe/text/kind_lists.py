"""Lists of words, for `kinds` and `scoring/minimal_pairs`: things of one kind, sides of one matter, opposites, synonyms."""

from __future__ import annotations

KINDS = {
    "country": """afghanistan albania algeria angola argentina armenia australia austria azerbaijan bahrain bangladesh belarus
        belgium bolivia bosnia brazil britain/uk/u_k/united_kingdom/england/scotland/wales/northern_ireland bulgaria cambodia
        cameroon canada chad chile china colombia congo croatia cuba cyprus denmark ecuador egypt estonia ethiopia finland
        france germany ghana greece guatemala haiti honduras hungary iceland india indonesia iran iraq ireland israel italy
        jamaica japan jordan kazakhstan kenya kosovo kuwait laos latvia lebanon libya lithuania luxembourg madagascar malawi
        malaysia mali malta mexico moldova mongolia montenegro morocco mozambique myanmar nepal netherlands new_zealand
        nicaragua niger nigeria norway north_korea oman pakistan panama paraguay peru philippines poland portugal qatar
        romania russia rwanda saudi_arabia senegal serbia singapore slovakia slovenia somalia south_africa south_korea
        south_sudan spain sri_lanka sudan sweden switzerland syria taiwan tajikistan tanzania thailand tunisia turkey uganda
        ukraine uruguay us/u_s/usa/america/united_states uzbekistan venezuela vietnam yemen zambia zimbabwe""",
    "home nation": "england scotland wales northern_ireland",
    "people": """afghan albanian algerian american argentine australian austrian bangladeshi belgian bolivian brazilian
        british/english/scottish/welsh bulgarian cambodian canadian chilean chinese colombian croatian cuban cypriot danish
        dutch ecuadorian egyptian estonian ethiopian filipino finnish french german ghanaian greek haitian hungarian
        icelandic indian indonesian iranian iraqi irish israeli italian jamaican japanese jordanian kenyan latvian lebanese
        libyan lithuanian malaysian maltese mexican moldovan moroccan nepali new_zealander nigerian north_korean norwegian
        pakistani peruvian polish portuguese qatari romanian russian saudi senegalese serbian slovak slovenian somali
        south_african south_korean spanish sudanese swedish swiss syrian taiwanese thai tunisian turkish ugandan ukrainian
        uruguayan venezuelan vietnamese yemeni zambian zimbabwean""",
    "state": """alabama alaska arizona arkansas california colorado connecticut delaware florida georgia hawaii idaho illinois
        indiana iowa kansas kentucky louisiana maine maryland massachusetts michigan minnesota mississippi missouri montana
        nebraska nevada new_hampshire new_jersey new_mexico north_carolina ohio oklahoma oregon pennsylvania south_carolina
        tennessee texas utah vermont virginia west_virginia wisconsin wyoming""",
    "city": """aberdeen abuja accra addis_ababa albuquerque aleppo algiers almaty amman amsterdam anchorage ankara
        antalya antwerp athens atlanta auckland baghdad baku baltimore bangkok barcelona basel basra beijing beirut
        belfast belgrade bengaluru/bangalore bergen berlin bern bilbao birmingham bogota boise bologna bordeaux boston
        bradford bratislava bremen brisbane bristol bruges brussels bucharest budapest buenos_aires buffalo busan
        cairo calgary cambridge cape_town caracas cardiff casablanca chennai chicago chisinau cincinnati cleveland
        cologne colombo copenhagen coventry dakar dallas damascus delhi denver des_moines detroit dhaka dnipro doha
        donetsk dresden dubai dublin dundee durban edinburgh eindhoven florence frankfurt fresno galway gaza_city
        gdansk geneva genoa ghent glasgow gothenburg granada groningen guadalajara guangzhou haifa hamburg hanoi
        harare havana helsinki hong_kong honolulu houston hyderabad indianapolis innsbruck islamabad istanbul izmir
        jakarta jeddah jerusalem johannesburg kabul kampala kano karachi kathmandu kazan khan_younis kharkiv khartoum
        kherson kolkata krakow kuala_lumpur kyiv lagos lahore las_vegas lausanne leeds leicester leipzig lille lima
        lisbon liverpool ljubljana london los_angeles louisville luanda luhansk lviv lyon madrid malaga malmo
        manchester manila marseille medellin melbourne memphis miami milan milwaukee minneapolis minsk monterrey
        montevideo montreal moscow mosul mumbai munich nagoya nairobi nantes naples nashville new_york norwich
        nottingham nuremberg oakland odesa omaha orlando osaka oslo ottawa oxford palermo paris perth philadelphia
        phoenix piraeus pittsburgh plymouth portland porto portsmouth prague pretoria quito rafah raleigh riga
        rio_de_janeiro/rio riyadh rome rotterdam sacramento salt_lake_city salzburg san_antonio san_diego
        san_francisco san_jose santiago sao_paulo sarajevo seattle seoul seville shanghai sheffield shenzhen skopje
        sofia southampton spokane st_petersburg stockholm strasbourg stuttgart swansea sydney tallinn tampa tashkent
        tbilisi tehran thessaloniki tijuana tirana tokyo toronto toulouse tucson tulsa tunis turin turku utrecht
        valencia vancouver venice vienna vilnius warsaw wichita wroclaw wuhan yerevan zagreb zaporizhzhia zaragoza
        zurich""",
    "commodity": """gold silver copper tin platinum palladium nickel zinc lithium cobalt uranium oil/crude/brent
        gas/petrol/gasoline coal wheat corn soy/soybean rice sugar coffee cocoa cotton cattle steel diesel aluminium/aluminum""",
    "medal": "gold silver bronze",
    "currency": """dollar euro yen pound/sterling yuan/renminbi rupee ruble/rouble franc lira peso krona krone zloty rand
        bitcoin ether/ethereum""",
    "index": "dow/nasdaq/s_p/wall_street nikkei dax ftse kospi sensex/nifty hang_seng stoxx",
    "central bank": """fed/federal_reserve ecb/european_central_bank bank_of_england/boe bank_of_japan/boj
        bank_of_canada reserve_bank_of_australia/rba riksbank""",
    "company": """apple google/alphabet/youtube microsoft/xbox/windows amazon/aws meta/facebook/instagram/whatsapp netflix
        spotify nvidia intel amd samsung sony nintendo huawei xiaomi tesla toyota honda nissan ford gm/general_motors
        volkswagen/vw bmw mercedes hyundai boeing airbus uber lyft ibm oracle openai anthropic disney comcast paramount walmart
        costco ikea kroger starbucks mcdonald pfizer moderna novartis bayer shell exxon chevron barclays hsbc citigroup/citi
        asus lenovo goldman broadcom micron ryanair lufthansa easyjet tiktok reddit siemens paypal mastercard""",
    "app": """instagram whatsapp tiktok youtube twitter snapchat telegram reddit twitch chatgpt gemini claude copilot android
        ios/iphone ipad chrome firefox safari""",
    "shop": "tesco aldi lidl sainsbury asda walmart costco amazon",
    "team": """lakers celtics knicks warriors bulls nets bucks suns mavericks/mavs nuggets clippers spurs raptors pistons
        hornets hawks 76_ers/sixers grizzlies pelicans timberwolves pacers cavaliers/cavs patriots steelers cowboys eagles
        packers chiefs ravens bengals browns texans colts jaguars broncos raiders chargers 49_ers/niners seahawks
        buccaneers/bucs falcons panthers vikings lions bears commanders dolphins yankees dodgers mets cubs astros padres
        phillies mariners orioles arsenal chelsea everton tottenham newcastle liverpool man_city/manchester_city
        man_utd/man_united/manchester_united brentford fulham burnley bayern dortmund mainz real_madrid barcelona atletico
        sevilla valencia psg lyon marseille juventus inter roma napoli lazio ajax benfica""",
    "number in a row": "first second third fourth fifth sixth seventh eighth ninth tenth",
    "month": "january/jan february/feb march april june july august/aug september/sept october/oct november/nov december/dec",
    "weekday": "monday tuesday wednesday thursday friday saturday sunday",
    "holiday": "christmas easter thanksgiving halloween ramadan diwali holi nowruz",
    "season": "spring summer autumn winter",
    "hazard": "earthquake/quake flood/flooding tornado avalanche drought wildfire/bushfire landslide heatwave",
    "chamber": "senate house",
    "seat": "white_house kremlin downing_street",
    "court": "supreme_court/high_court appeals_court/court_of_appeal/appeal_court district_court",
    "office": "president governor mayor pope king queen prime_minister/pm finance_minister health_minister",
    "compass": "north/northern south/southern east/eastern west/western",
    "planet": "mercury venus mars jupiter saturn uranus neptune",
    "science": "physics chemistry literature medicine economics biology",
    "award": "oscar grammy emmy bafta golden_globe",
    "league": "nba nfl mlb nhl wnba",
    "round": "quarter_final/quarterfinal semi_final/semifinal final",
    "vote": "primary runoff/run_off general_election by_election referendum",
    "party": "labour conservative/tory snp greens democrat republican",
    "stage of a case": "arrest/charge/indict convict sentence/jail acquit/clear",
}
"""Per kind, its things, and between strokes the names of one thing; "_" stands for a space."""
SIDES = """
    rise/rose/risen/climb/gain/jump/surge/soar/rally/increase/advance/rebound/recover/strengthen
        fall/fell/fallen/drop/slip/slide/slid/plunge/tumble/sink/sank/decline/decrease/retreat/slump/crash/weaken |
    win/won/victory/triumph lose/lost/defeat | open/reopen close/shut |
    approve/pass/adopt/accept/allow/ratify/uphold reject/veto/block/overturn/annul |
    begin/began/start/resume/restart end/stop/halt | free/freed/release/acquit/pardon jail/detain/arrest |
    hire/appoint/reappoint/reinstate fire/sack/dismiss | join leave/left/quit |
    land/arrive/dock take_off/took_off/depart/leave/left/undock | enter leave/left/exit | promote relegate/demote |
    impose/reimpose/introduce/unveil/revive lift/scrap/abolish/repeal/shelve/drop | upgrade downgrade |
    appear disappear/vanish | legalise/legalize ban/outlaw | attend/join boycott/skip | buy/bought/acquire sell/sold |
    file/submit drop/withdraw/withdrew | contain/under_control out_of_control | include exclude |
    nationalise/nationalize privatise/privatize | optimism/optimistic pessimism/pessimistic | bullish bearish |
    inflation deflation | inflow outflow | buyer seller | biggest/largest smallest | highest lowest | oldest youngest |
    older younger | hottest/warmest coldest | hotter/warmer colder | fastest slowest | faster/quicker slower |
    richest poorest | longer shorter | flood drought | domestic foreign | rural urban | sunrise/dawn sunset/dusk |
    birth death | bride groom | prince princess | male female | senior junior | maximum minimum |
    freeze/froze/frozen thaw/unfreeze | lock unlock | connect disconnect | accelerate slow | improve worsen/deteriorate |
    build/built/construct demolish | capture escape | qualify eliminate | score miss | encourage discourage |
    escalate de_escalate/ease | lender borrower | arrival departure | immigration emigration |
    confirm/admit/acknowledge deny | steal/stole/stolen return/recover |
    face/host beat/beaten/thrash/rout | launch/launched cancel/halt/delay/postpone | rescue/survive die/drown/kill
    | spare/pardon execute | cheapest priciest | thicker thinner | guilty not_guilty/innocent | praise/cheer jeer/boo |
    grow/grew shrink/shrank | flee/fled return | stay quit/step_down/stepped_down
""".split("|")
"""The same where a kind has two sides, one kind for each member."""
SYNONYMS = """
    reopen/open_again die/died/pass_away/passed_away resign/quit/step_down/stepped_down fire/blaze contain/under_control
    record_high/all_time_high buy/bought/acquire car/vehicle injure/hurt/wound film/movie oil/crude
    plane/aircraft/airplane quake/earthquake truck/lorry pm/prime_minister percent/per_cent/pct
    rise/rose/climb/gain/jump/surge/soar/up fall/fell/drop/slip/slide/sink/plunge/tumble/down
"""
"""Names that may stand for each other where all else is the same."""
MORE_OPPOSITES = """
    safe/dangerous toxic/harmless healthy/sick true/false real/fake good/bad better/worse help/harm heavy/light
    high/low higher/lower above/below for/against before/after profit/loss surplus/deficit positive/negative
    majority/minority success/failure victory/defeat winner/loser permanent/temporary hold/raise hold/cut
    strengthen/weaken boost/slash create/destroy repair/damage steal/return contain/spread unite/divide
    reunite/split love/hate clear/implicate double/halve resume/halt resume/suspend resume/pause deploy/withdraw
    advance/retreat slide/gain slump/surge sign/veto welcome/condemn extend/shorten found/missing import/export
    public/private rich/poor peace/war north/south northern/southern east/west eastern/western men/women man/woman
    boy/girl mother/father son/daughter rose/fell won/lost bought/sold grew/shrank held/raised held/cut
    brother/sister husband/wife republican/democrat republicans/democrats summer/winter spring/autumn
    morning/evening
""".split()
"""Pairs of opposites besides those of `words.OPPOSITES`, which the judge learned with; one word of a sentence for the other."""
