// Entremise runs a network of introduction: see README.md.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"entremise/internal/app"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := app.Main(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
