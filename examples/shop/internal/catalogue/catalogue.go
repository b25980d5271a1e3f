// Package catalogue is the service that knows what the shop sells. It reads
// that from a mounted ConfigMap and tells it to whoever has the password.
package catalogue

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/chaosctl/chaosctl/examples/shop/internal/lastgood"
	"github.com/chaosctl/chaosctl/examples/shop/internal/password"
	"github.com/chaosctl/chaosctl/examples/shop/internal/process"
)

// Run runs the service until it has stopped.
func Run(env process.Env) error {
	s, err := env.Server("catalogue")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()

	dir := cmp.Or(env.Getenv("SHOP_CONFIG_DIR"), "/etc/shop/config")
	config := process.Mount(s, "catalogue", lastgood.FromDir(dir, productsFile, modeFile), ParseConfig, nil)
	var ring password.Ring
	process.Start(ctx, s, config, env.MountPassword(s, &ring))

	return s.Run(handler(config, &ring, s.Log.Now), env.Signals)
}

// handler answers GET /products with the configuration in use.
func handler(config *lastgood.Value[Config], ring *password.Ring, now func() time.Time) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /products", func(w http.ResponseWriter, r *http.Request) {
		word, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ring.Accepts(word, now()) {
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "wrong password", http.StatusUnauthorized)
			return
		}
		present, ok := config.Get()
		if !ok {
			http.Error(w, "no usable catalogue", http.StatusServiceUnavailable)
			return
		}
		body, err := json.Marshal(present)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body) // the client went away: nothing to do
	})
	return mux
}
