#!/usr/bin/env python3
"""Writes the calendars beside it, by rule: `config/calendars/make.py`. Only the standard library.

Each is a CSV file `date,name`, sorted, of the public holidays of a whole country from 2009 to 2030. Holidays of single
regions, and working days that a government swaps for a bridge, are not in it. A day that is observed on another date
stands twice: shops feel both.
"""
import datetime
import os

FIRST, LAST = 2009, 2030
MONDAY, TUESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = 0, 1, 3, 4, 5, 6
Day = datetime.date


def plus(day, days):
    return day + datetime.timedelta(days=days)


def easter(year):
    """Anonymous Gregorian algorithm (Nature, 1876; Meeus, 1991)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return Day(year, month, day + 1)


def nth(year, month, weekday, n):
    """The n-th weekday of a month; n < 0 counts from its end."""
    if n > 0:
        first = Day(year, month, 1)
        return plus(first, (weekday - first.weekday()) % 7 + 7 * (n - 1))
    last = plus(Day(year + month // 12, month % 12 + 1, 1), -1)
    return plus(last, -((last.weekday() - weekday) % 7) + 7 * (n + 1))


def gb(year):
    """England and Wales. Banking and Financial Dealings Act 1971, proclamations."""
    e, days = easter(year), []
    new_year, christmas, boxing = Day(year, 1, 1), Day(year, 12, 25), Day(year, 12, 26)
    days += [(new_year, "New Year's Day"), (plus(e, -2), "Good Friday"), (plus(e, 1), "Easter Monday")]
    if new_year.weekday() >= SATURDAY:
        days.append((plus(new_year, 7 - new_year.weekday()), "New Year's Day (substitute)"))
    days.append((Day(2020, 5, 8) if year == 2020 else nth(year, 5, MONDAY, 1), "Early May bank holiday"))
    spring = {2012: Day(2012, 6, 4), 2022: Day(2022, 6, 2)}.get(year, nth(year, 5, MONDAY, -1))
    days += [(spring, "Spring bank holiday"), (nth(year, 8, MONDAY, -1), "Summer bank holiday")]
    days += [(christmas, "Christmas Day"), (boxing, "Boxing Day")]
    if christmas.weekday() == SATURDAY:
        days += [(plus(christmas, 2), "Christmas Day (substitute)"), (plus(boxing, 2), "Boxing Day (substitute)")]
    elif christmas.weekday() == SUNDAY:
        days.append((plus(christmas, 2), "Christmas Day (substitute)"))
    elif christmas.weekday() == FRIDAY:
        days.append((plus(boxing, 2), "Boxing Day (substitute)"))
    once = {2011: [(Day(2011, 4, 29), "Royal wedding")], 2012: [(Day(2012, 6, 5), "Diamond Jubilee")],
            2022: [(Day(2022, 6, 3), "Platinum Jubilee"), (Day(2022, 9, 19), "State funeral")],
            2023: [(Day(2023, 5, 8), "Coronation")]}
    return days + once.get(year, [])


def de(year):
    """Holidays of all sixteen states."""
    e = easter(year)
    days = [(Day(year, 1, 1), "Neujahr"), (plus(e, -2), "Karfreitag"), (plus(e, 1), "Ostermontag"),
            (Day(year, 5, 1), "Tag der Arbeit"), (plus(e, 39), "Christi Himmelfahrt"), (plus(e, 50), "Pfingstmontag"),
            (Day(year, 10, 3), "Tag der Deutschen Einheit"), (Day(year, 12, 25), "1. Weihnachtstag"),
            (Day(year, 12, 26), "2. Weihnachtstag")]
    return days + ([(Day(2017, 10, 31), "Reformationstag")] if year == 2017 else [])


def fr(year):
    """Code du travail L3133-1."""
    e = easter(year)
    return [(Day(year, 1, 1), "Jour de l'an"), (plus(e, 1), "Lundi de Pâques"), (Day(year, 5, 1), "Fête du Travail"),
            (Day(year, 5, 8), "Victoire 1945"), (plus(e, 39), "Ascension"), (plus(e, 50), "Lundi de Pentecôte"),
            (Day(year, 7, 14), "Fête nationale"), (Day(year, 8, 15), "Assomption"), (Day(year, 11, 1), "Toussaint"),
            (Day(year, 11, 11), "Armistice"), (Day(year, 12, 25), "Noël")]


def us(year):
    """Federal holidays, 5 U.S.C. 6103; observed on Friday or Monday where the date is a weekend. Juneteenth since 2021."""
    fixed = [(Day(year, 1, 1), "New Year's Day"), (Day(year, 7, 4), "Independence Day"),
             (Day(year, 11, 11), "Veterans Day"), (Day(year, 12, 25), "Christmas Day")]
    if year >= 2021:
        fixed.append((Day(year, 6, 19), "Juneteenth"))
    days = list(fixed)
    for day, name in fixed + [(Day(year + 1, 1, 1), "New Year's Day")]:
        shift = {SATURDAY: -1, SUNDAY: 1}.get(day.weekday(), 0)
        observed = plus(day, shift)
        if shift and observed.year == year:
            days.append((observed, name + " (observed)"))
    return days + [(nth(year, 1, MONDAY, 3), "Martin Luther King Jr. Day"), (nth(year, 2, MONDAY, 3), "Washington's Birthday"),
                   (nth(year, 5, MONDAY, -1), "Memorial Day"), (nth(year, 9, MONDAY, 1), "Labor Day"),
                   (nth(year, 10, MONDAY, 2), "Columbus Day"), (nth(year, 11, THURSDAY, 4), "Thanksgiving Day")]


def nl(year):
    """Algemene termijnenwet; the king's (until 2013 the queen's) day is a day earlier (until 2013 too) on a Sunday."""
    e = easter(year)
    king = Day(year, 4, 27) if year >= 2014 else Day(year, 4, 30)
    king = plus(king, -1) if king.weekday() == SUNDAY else king
    return [(Day(year, 1, 1), "Nieuwjaarsdag"), (plus(e, 0), "Eerste paasdag"), (plus(e, 1), "Tweede paasdag"),
            (king, "Koningsdag" if year >= 2014 else "Koninginnedag"), (Day(year, 5, 5), "Bevrijdingsdag"),
            (plus(e, 39), "Hemelvaartsdag"), (plus(e, 49), "Eerste pinksterdag"), (plus(e, 50), "Tweede pinksterdag"),
            (Day(year, 12, 25), "Eerste kerstdag"), (Day(year, 12, 26), "Tweede kerstdag")]


def es(year):
    """Days of the whole state, before regions move any."""
    return [(Day(year, 1, 1), "Año Nuevo"), (Day(year, 1, 6), "Epifanía del Señor"), (plus(easter(year), -2), "Viernes Santo"),
            (Day(year, 5, 1), "Fiesta del Trabajo"), (Day(year, 8, 15), "Asunción de la Virgen"),
            (Day(year, 10, 12), "Fiesta Nacional de España"), (Day(year, 11, 1), "Todos los Santos"),
            (Day(year, 12, 6), "Día de la Constitución"), (Day(year, 12, 8), "Inmaculada Concepción"),
            (Day(year, 12, 25), "Navidad")]


def it(year):
    """Legge 260/1949; San Francesco again from 2026 (legge 151/2025)."""
    e = easter(year)
    days = [(Day(year, 1, 1), "Capodanno"), (Day(year, 1, 6), "Epifania"), (e, "Pasqua"), (plus(e, 1), "Lunedì dell'Angelo"),
            (Day(year, 4, 25), "Festa della Liberazione"), (Day(year, 5, 1), "Festa del Lavoro"),
            (Day(year, 6, 2), "Festa della Repubblica"), (Day(year, 8, 15), "Ferragosto"), (Day(year, 11, 1), "Ognissanti"),
            (Day(year, 12, 8), "Immacolata Concezione"), (Day(year, 12, 25), "Natale"), (Day(year, 12, 26), "Santo Stefano")]
    days += [(Day(2011, 3, 17), "Unità d'Italia")] if year == 2011 else []
    return days + ([(Day(year, 10, 4), "San Francesco d'Assisi")] if year >= 2026 else [])


# Lunar years from 2008: bits 4-15 are the months from the twelfth to the first (30 days, else 29), bits 0-3 the month
# that is followed by a leap month (0: none), bit 16 its length. Astronomical data of the Hong Kong Observatory.
LUNAR = [0x092d0, 0x0cab5, 0x0a950, 0x0b4a0, 0x0baa4, 0x0ad50, 0x055d9, 0x04ba0, 0x0a5b0, 0x15176, 0x052b0, 0x0a930,
         0x07954, 0x06aa0, 0x0ad50, 0x05b52, 0x04b60, 0x0a6e6, 0x0a4e0, 0x0d260, 0x0ea65, 0x0d530, 0x05aa0]
LUNAR_FIRST, LUNAR_START = 2008, Day(2008, 2, 7)


def lunar(year, month, day):
    date = LUNAR_START
    for y in range(LUNAR_FIRST, year + 1):
        info = LUNAR[y - LUNAR_FIRST]
        for m in range(1, 13):
            if y == year and m == month:
                return plus(date, day - 1)
            date = plus(date, 30 if info & (0x10000 >> m) else 29)
            if info & 15 == m:
                date = plus(date, 30 if info & 0x10000 else 29)
    raise ValueError(year)


def cn(year):
    """Statutory holidays (State Council, 2007, 2013 and 2024), without the days that are swapped around them."""
    spring = lunar(year, 1, 1)
    first, count = (-1, 3) if year < 2014 else (0, 3) if year < 2025 else (-1, 4)
    clear = int((year % 100) * 0.2422 + 4.81) - (year % 100) // 4  # solar term of 15 degrees, exact for 2001-2099
    days = [(Day(year, 1, 1), "New Year's Day"), (Day(year, 4, clear), "Qingming Festival"), (Day(year, 5, 1), "Labour Day"),
            (lunar(year, 5, 5), "Dragon Boat Festival"), (lunar(year, 8, 15), "Mid-Autumn Festival")]
    days += [(plus(spring, first + i), "Spring Festival") for i in range(count)]
    days += [(Day(year, 10, 1 + i), "National Day") for i in range(3)]
    days += [(Day(year, 5, 2), "Labour Day")] if year >= 2025 else []
    return days + ([(Day(2015, 9, 3), "Victory Day")] if year == 2015 else [])


for country in (cn, de, es, fr, gb, it, nl, us):
    names = {}
    for year in range(FIRST, LAST + 1):
        for day, name in country(year):
            names.setdefault(day, []).append(name)
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), country.__name__ + ".csv")
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write("date,name\n")
        for day in sorted(names):
            file.write("%s,%s\n" % (day, " / ".join(names[day])))
