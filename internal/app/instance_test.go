package app

import (
	"encoding/base64"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"entremise/internal/auth"
	"entremise/internal/call"
	"entremise/internal/db"
	"entremise/internal/db/dbtest"
	"entremise/internal/network"
	"entremise/internal/vault"
	"entremise/networks"
)

// instance is a new folder with a virtual clock, with the first network in force.
func instance(t *testing.T, e db.Dialect) *Instance {
	t.Helper()
	s := Settings{Data: t.TempDir()}
	for _, name := range []string{masterFile, pastFile} {
		if err := keep(filepath.Join(s.Data, name), []byte(base64.StdEncoding.EncodeToString(make([]byte, vault.MasterSize)))); err != nil {
			t.Fatal(err)
		}
	}
	if e == db.PostgreSQL {
		s.Postgres, s.Keys = dbtest.Place(t, e, "main").URL, dbtest.Place(t, e, "keys").URL
	}
	i, err := open(t.Context(), s, World{Demo: true, Line: call.Simulated()}, false, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := i.Close(); err != nil {
			t.Error(err)
		}
	})
	folder, err := networks.Open("emergency-trades")
	if err != nil {
		t.Fatal(err)
	}
	if n, problems, err := i.Editions.Apply(t.Context(), "system", folder); err != nil || n == nil {
		t.Fatal(problems, err)
	}
	if err := i.makeVirtual(t.Context()); err != nil {
		t.Fatal(err)
	}
	return i
}

// A clock that is moved by a day stops where a call has rung for long enough and where one was left open, as if the day had passed by itself.
func TestMove_stopsAtTheDeadlinesOfCalls(t *testing.T) {
	for _, e := range dbtest.Engines() {
		t.Run(string(e), func(t *testing.T) {
			i := instance(t, e)
			ctx := t.Context()
			_, token, err := i.Auth.Invite(ctx, auth.Machine, auth.NewAccount{Name: "Camille Essai", Email: "camille@example.com", Lang: "fr", Roles: []network.Role{network.RoleAgent}, TrainedOn: "2026-01-05"}, nil)
			if err != nil || token == "" {
				t.Fatal(err)
			}
			a, err := i.Auth.ByEmail(ctx, "camille@example.com")
			if err != nil {
				t.Fatal(err)
			}
			if err := i.DB.Write(ctx, func(tx *db.Tx) error {
				_, err := tx.Exec("UPDATE account SET state = 'active' WHERE id = $1", a.ID)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			agent := auth.Actor{Who: auth.StaffMember, Account: a.ID, Roles: []network.Role{network.RoleAgent}, Lang: "fr"}
			if err := i.Auth.Duty(ctx, agent, true); err != nil {
				t.Fatal(err)
			}
			left, err := i.Calls.Manual(ctx, agent, "depanneurs.example", "", "06 39 98 00 01")
			if err != nil {
				t.Fatal(err)
			}
			unanswered, err := i.Calls.Ring(ctx, "depanneurs.example", "", "06 39 98 00 02")
			if err != nil {
				t.Fatal(err)
			}
			if err := i.Move(ctx, 12*time.Hour); err != nil {
				t.Fatal(err)
			}
			for id, want := range map[string]time.Duration{left: 4 * time.Hour, unanswered: time.Minute} {
				var at, ended int64
				var state string
				if err := i.DB.Read(ctx, func(tx *db.Tx) error {
					return tx.Get(db.Into(&state, &at, &ended), "SELECT state, at, ended_at FROM call WHERE id = $1", id)
				}); err != nil {
					t.Fatal(err)
				}
				// The real clock goes on while the test runs.
				if took := db.Time(ended).Sub(db.Time(at)); state != string(call.Missed) || took < want || took > want+time.Minute {
					t.Errorf("a call is %s after %s, want missed after %s", state, took, want)
				}
			}
		})
	}
}

func TestKeep_writesOnceForItsOwner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	if err := keep(path, []byte("first")); err != nil {
		t.Fatal(err)
	}
	if err := keep(path, []byte("second")); !os.IsExist(err) {
		t.Errorf("a file that is there is written again: %v", err)
	}
	text, err := os.ReadFile(path)
	if err != nil || string(text) != "first" {
		t.Errorf("%q, %v", text, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}
