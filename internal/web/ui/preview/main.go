// Command preview serves the gallery on loopback, for those who draw the screens: go run ./internal/web/ui/preview [PORT]
//
// A form that is sent is printed and answered with a page of the gallery, so that the scripts can be tried without a server behind them.
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"entremise/internal/web/ui"
	"entremise/internal/web/ui/gallery"
)

type commune struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

var communes = map[string][]commune{
	"30000": {{"30189", "Nîmes"}},
	"30190": {{"30034", "Bourdic"}, {"30085", "Collorgues"}, {"30115", "Foissac"}, {"30241", "Saint-Chaptes"}},
}

// live says "changed" every three seconds, as a busy board would.
func live(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	tick := time.NewTicker(3 * time.Second)
	defer tick.Stop()
	for {
		if _, err := fmt.Fprint(w, "data: changed\n\n"); err != nil {
			return
		}
		if err := http.NewResponseController(w).Flush(); err != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-tick.C:
		}
	}
}

func main() {
	addr := "127.0.0.1:8095"
	if len(os.Args) > 1 {
		addr = "127.0.0.1:" + os.Args[1]
	}
	mux := http.NewServeMux()
	mux.Handle("GET /static/", ui.StaticHandler())
	mux.Handle("GET /", gallery.Handler("/_ui"))
	mux.HandleFunc("GET /api/communes", func(w http.ResponseWriter, r *http.Request) {
		found := communes[r.URL.Query().Get("postcode")]
		if found == nil {
			found = []commune{}
		}
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(found); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	})
	mux.HandleFunc("GET /live", live)
	mux.HandleFunc("POST /", func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseMultipartForm(32 << 20); err != nil && err != http.ErrNotMultipart {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		fmt.Println("POST", r.URL.Path, r.Form)
		answer := "/_ui/ma-demande"
		if strings.HasPrefix(r.URL.Path, "/bureau") {
			answer = "/_ui/bureau"
		}
		http.Redirect(w, r, answer, http.StatusSeeOther)
	})
	fmt.Println("http://" + addr + "/_ui")
	if err := http.ListenAndServe(addr, mux); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
