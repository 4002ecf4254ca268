// Command echo stands for the program where the harness tests itself: it serves pages with known faults.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
)

const good = `<!doctype html><html lang="fr"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Essai</title><link rel="stylesheet" href="/look.css">
<main><h1>Bonjour %s</h1><form method="post" action="/dit"><p><label>Mot <input name="mot"></label>
<label>Ville <select name="ville"><option value="a">A<option value="b">B</select></label><button>Dire</button></form></main>`

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	page := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Content-Security-Policy", "default-src 'self'")
			io.WriteString(w, strings.Replace(body, "%s", strings.Split(r.Host, ":")[0], 1))
		}
	}
	http.HandleFunc("GET /{$}", page(good))
	http.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	http.HandleFunc("GET /bad", page(good+`<img src="/favicon.ico"><input><div class="wide">x</div><link rel="stylesheet" href="/wide.css">`))
	http.HandleFunc("GET /wide.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css")
		io.WriteString(w, ".wide{width:2000px}")
	})
	http.HandleFunc("GET /look.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css")
		io.WriteString(w, "@media (prefers-color-scheme: dark) { body { background: #111; color: #eee } }")
	})
	http.HandleFunc("GET /missing", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "nothing here", http.StatusNotFound) })
	http.HandleFunc("GET /files", page(good+`<input type="file" aria-label="Photo" name="photo"><p id="later">encore là</p><script src="/keys.js"></script>`))
	http.HandleFunc("GET /keys.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		io.WriteString(w, `document.addEventListener("keydown", e => { if (e.key === "Escape") document.getElementById("later").remove() })`)
	})
	http.HandleFunc("POST /api/echo", func(w http.ResponseWriter, r *http.Request) {
		var body map[string]any
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body["token"], body["key"] = r.Header.Get("Authorization"), r.Header.Get("Idempotency-Key")
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(body); err != nil {
			log.Print(err)
		}
	})
	http.HandleFunc("GET /inline", page(good+`<script>1</script>`))
	http.HandleFunc("GET /throws", page(good+`<script src="/throws.js"></script>`))
	http.HandleFunc("GET /throws.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		io.WriteString(w, `throw new Error("planted")`)
	})
	http.HandleFunc("GET /outside", page(good+`<img alt="" src="http://elsewhere.example/x.png">`))
	http.HandleFunc("POST /dit", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "mot", Value: r.FormValue("mot") + r.FormValue("ville")})
		http.Redirect(w, r, "/lu", http.StatusSeeOther)
	})
	http.HandleFunc("GET /lu", func(w http.ResponseWriter, r *http.Request) {
		said := "rien"
		if c, err := r.Cookie("mot"); err == nil {
			said = c.Value
		}
		page(strings.Replace(good, "Bonjour", "Dit : "+said+",", 1))(w, r)
	})
	fmt.Printf("listening http://%s\n", l.Addr())
	log.Fatal(http.Serve(l, nil))
}
