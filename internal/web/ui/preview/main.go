// Command preview serves the gallery on loopback, for those who draw the screens: go run ./internal/web/ui/preview
package main

import (
	"fmt"
	"net/http"
	"os"

	"entremise/internal/web/ui"
	"entremise/internal/web/ui/gallery"
)

func main() {
	addr := "127.0.0.1:8095"
	if len(os.Args) > 1 {
		addr = "127.0.0.1:" + os.Args[1]
	}
	mux := http.NewServeMux()
	mux.Handle("/static/", ui.StaticHandler())
	mux.Handle("/", gallery.Handler("/_ui"))
	fmt.Println("http://" + addr + "/_ui")
	if err := http.ListenAndServe(addr, mux); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
