package person

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/network"
	"entremise/internal/phone"
	"entremise/internal/vault"
)

// registerMost is how many numbers one load may hold.
const registerMost = 20_000

// registerEntry is one line of a list: a number, by its blind index, and when its entry was confirmed.
type registerEntry struct {
	bidx string
	at   time.Time
}

// LoadRegister takes a list of an opposition register in, a number and the day of its confirmation on each line, separated by a semicolon:
// "06 39 98 00 01;2026-05-14". What is loaded joins what is there, the later confirmation stands. Nothing is
// kept of a number but a digest. A fault names the first line that cannot be read. fiction admits the ranges of demonstrations.
func LoadRegister(ctx context.Context, d *db.DB, v *vault.Vault, n *network.Network, actor auth.Actor, list string, fiction bool) (loaded int, err error) {
	if err := actor.May(auth.RegisterLoad); err != nil {
		return 0, err
	}
	if n.Prospecting == nil || n.Prospecting.Register == nil {
		return 0, fault.New(fault.Missing, "no-register", fault.T("Ce réseau ne nomme aucun registre d’opposition.", "This network names no opposition register."))
	}
	entries, err := readRegister(v, list, d.Now(), fiction)
	if err != nil {
		return 0, err
	}
	return len(entries), d.WriteGuarded(ctx, func(tx *db.Tx) error {
		for _, e := range entries {
			if err := tx.Send(`INSERT INTO register_entry (phone_bidx, confirmed_at) VALUES ($1, $2)
				ON CONFLICT (phone_bidx) DO UPDATE SET confirmed_at = CASE WHEN register_entry.confirmed_at > excluded.confirmed_at THEN register_entry.confirmed_at ELSE excluded.confirmed_at END`,
				e.bidx, db.Micros(e.at)); err != nil {
				return err
			}
		}
		return audit.Write(tx, actor.Name(), actor.As(auth.RegisterLoad), "register.load", "", strconv.Itoa(len(entries)))
	})
}

func readRegister(v *vault.Vault, list string, now time.Time, fiction bool) (all []registerEntry, err error) {
	wrong := func(line int, fr, en string) error {
		var c fault.Check
		c.Add("list", fault.T(fmt.Sprintf("Ligne %d : %s", line, fr), fmt.Sprintf("Line %d: %s", line, en)))
		return c.Err()
	}
	for i, line := range strings.Split(strings.TrimSpace(list), "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if len(all) == registerMost {
			return nil, wrong(i+1, "au plus 20 000 numéros à la fois.", "at most 20,000 numbers at a time.")
		}
		number, day, ok := strings.Cut(line, ";")
		e164, err := phone.Parse(number, "", fiction)
		if !ok || err != nil {
			return nil, wrong(i+1, "écrivez un numéro, un point-virgule et une date.", "write a number, a semicolon and a date.")
		}
		at, err := time.ParseInLocation(time.DateOnly, strings.TrimSpace(day), geo.Paris())
		if err != nil || at.After(now) {
			return nil, wrong(i+1, "la date de confirmation s’écrit 2026-05-14 et n’est pas à venir.", "the date of confirmation is written 2026-05-14 and has passed.")
		}
		all = append(all, registerEntry{PhoneIndex(v, e164), at})
	}
	if len(all) == 0 {
		return nil, wrong(1, "la liste est vide.", "the list is empty.")
	}
	return all, nil
}

// Listed is when a number's entry in the loaded register was confirmed; zero when it is not on it.
func Listed(tx *db.Tx, phoneIndex string) (time.Time, error) {
	at, err := db.Value[int64](tx, "SELECT coalesce(max(confirmed_at), 0) FROM register_entry WHERE phone_bidx = $1", phoneIndex)
	return db.Time(at), err
}

// attemptsCount is how long an attempt counts at most, with a day to spare.
const attemptsCount = 31 * 24 * time.Hour

// Attempts are when somebody tried to canvass a number by telephone, whoever it was and whether it was answered or not.
func Attempts(tx *db.Tx, phoneIndex string) ([]time.Time, error) {
	return db.List(tx, func(s db.Scanner) (time.Time, error) {
		var at int64
		err := s.Scan(&at)
		return db.Time(at), err
	}, "SELECT at FROM attempt WHERE phone_bidx = $1 AND at > $2 ORDER BY at", phoneIndex, db.Micros(tx.Now().Add(-attemptsCount)))
}

// Attempted notes an attempt.
func Attempted(tx *db.Tx, phoneIndex, by string) error {
	return tx.Send("INSERT INTO attempt (id, phone_bidx, at, by_account) VALUES ($1, $2, $3, $4)", tx.NewID("att"), phoneIndex, db.Micros(tx.Now()), by)
}
