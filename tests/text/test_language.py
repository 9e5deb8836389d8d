"""Detection of titles in other languages."""

from __future__ import annotations

import pytest

from dedupe.text import not_english

FOREIGN = """
Bundestag beschließt neues Gesetz zur Rente nach langer Debatte
Tausende Menschen demonstrieren in Berlin gegen steigende Mieten
Schweres Unwetter legt den Bahnverkehr in Süddeutschland lahm
Der Kanzler reist am Montag zu Gesprächen nach Warschau
Polizei sucht Zeugen nach Überfall auf Tankstelle
Notenbank hebt den Leitzins überraschend an
Le gouvernement présente son budget pour l'année prochaine
Une tempête prive d'électricité des milliers de foyers en Bretagne
Les syndicats appellent à la grève dans les transports
Le président reçoit son homologue italien à l'Élysée
Un incendie ravage un immeuble du centre de Marseille
La banque centrale maintient ses taux inchangés
El gobierno aprueba una reforma de las pensiones
Un terremoto sacude el sur del país sin causar víctimas
Los sindicatos convocan una huelga general para el jueves
La policía detiene a tres sospechosos en Barcelona
El presidente viaja a Bruselas para la cumbre europea
Sube el precio de la vivienda por quinto mes consecutivo
Il governo approva la nuova legge sulle pensioni
Terremoto nel centro Italia, nessuna vittima
Sciopero dei treni venerdì in tutta la regione
La polizia arresta due uomini dopo la rapina a Milano
Il presidente incontra i sindaci delle città colpite
Governo anuncia novo pacote de medidas para a economia
Incêndio destrói armazém na zona industrial do Porto
Polícia prende três suspeitos depois de perseguição
Presidente recebe líderes da oposição em Brasília
Chuvas fortes deixam milhares sem energia no litoral
Kabinet wil hogere belasting op vervuilende auto's
Politie zoekt getuigen van de overval in Utrecht
Duizenden huishoudens zonder stroom door zware storm
Minister stapt op na kritiek van de Kamer
Rząd przyjął projekt ustawy o emeryturach
Policja zatrzymała trzech mężczyzn po napadzie w Krakowie
Silny wiatr pozbawił prądu tysiące domów
Prezydent spotka się z premierem w poniedziałek
Правительство утвердило новый бюджет на следующий год
Полиция задержала трёх подозреваемых в Москве
Сильный шторм оставил без света тысячи домов
Президент прибыл с визитом в Пекин
Уряд схвалив новий закон про пенсії
政府公布新的经济刺激计划
强台风登陆造成数千户停电
警方逮捕三名抢劫嫌疑人
الحكومة تعلن خطة جديدة لدعم الاقتصاد
الشرطة تعتقل ثلاثة مشتبه بهم في القاهرة
عاصفة قوية تقطع الكهرباء عن آلاف المنازل
政府が新たな経済対策を発表
台風の影響で数千世帯が停電
警察は強盗の疑いで三人を逮捕した
정부가 새로운 경제 대책을 발표했다
태풍으로 수천 가구가 정전되었다
Η κυβέρνηση ανακοίνωσε νέα μέτρα για την οικονομία
הממשלה אישרה את התקציב לשנה הבאה
सरकार ने नई आर्थिक योजना की घोषणा की
รัฐบาลประกาศมาตรการเศรษฐกิจใหม่
Hükümet yeni ekonomi paketini açıkladı
Polis soygun sonrası üç kişiyi gözaltına aldı
Regeringen lägger fram en ny budget för nästa år
Polisen söker vittnen efter rånet i Malmö
Regjeringen legger frem nytt forslag om pensjon
Tusindvis af husstande uden strøm efter kraftig storm
Hallitus esitti uuden talousarvion ensi vuodelle
Vláda schválila nový rozpočet na příští rok
A kormány elfogadta a jövő évi költségvetést
Guvernul a aprobat bugetul pentru anul viitor
Chính phủ công bố gói kích thích kinh tế mới
Pemerintah mengumumkan paket ekonomi baru untuk tahun depan
""".strip().splitlines()

ENGLISH = """
Dam closes after flood in the north of the county
Volkswagen and Mercedes-Benz to cut jobs in Wolfsburg and Stuttgart
Real Madrid 2-1 Bayern Munich: Vinicius sends holders through
Tesla falls 4 percent as Musk heads to Beijing
What is schadenfreude, and why do we feel it?
Giro d'Italia: Pogacar wins in Monte Grappa
Nigerian army frees 24 hostages near Cameroon border
Zimbabwe change squad for one day series
Beyoncé to headline Coachella in São Paulo
Putin's "Главное" speech: what he said and what he did not
own goal misery for matildas
""".strip().splitlines()


def test_most_foreign_titles_are_flagged():
    assert not_english(FOREIGN).mean() > 0.9


def test_english_titles_are_not_flagged():
    flagged = not_english(ENGLISH)
    assert [title for title, is_foreign in zip(ENGLISH, flagged, strict=True) if is_foreign] == []


@pytest.mark.parametrize("title", ["", "Guten Morgen", "Le Monde", "Carpe diem, Roma", "2-1", "!!!", "π²", "Ω3"])
def test_short_titles_are_never_flagged(title):
    assert not not_english([title])[0]


def test_there_is_one_flag_per_title():
    assert not_english([]).shape == (0,)
    assert not_english(["a", "b"]).dtype == bool


@pytest.mark.parametrize(
    ("title", "flag"), [("¿ ? ! .", False), ("e\u0301 \ud800 a b c", False), (FOREIGN[0].upper(), True)]
)
def test_odd_characters_and_capitals(title, flag):
    assert not_english([title]).tolist() == [flag]


def test_a_megabyte_is_judged_by_its_start():
    assert not_english(["Das ist ein sehr langer Titel " * 33_000]).all()
