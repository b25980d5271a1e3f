// Command queue is the example of orders that are worked off without HTTP; see examples/queue/README.md.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/chaosctl/chaosctl/examples/queue/internal/orders"
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := &cobra.Command{Use: "queue", Short: "Orders that are queued and worked off", SilenceUsage: true}
	var server string
	root.PersistentFlags().StringVar(&server, "server", "nats://127.0.0.1:4222", "The broker's `URL`")
	root.AddCommand(broker(), feed(&server), work(&server), audit(&server))
	if err := root.ExecuteContext(ctx); err != nil {
		return 1 // cobra has said why
	}
	return 0
}

func broker() *cobra.Command {
	var options orders.BrokerOptions
	cmd := &cobra.Command{
		Use: "broker", Short: "Keep the queues, until a signal", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return orders.Broker(cmd.Context(), options) },
	}
	cmd.Flags().StringVar(&options.Host, "host", "127.0.0.1", "The `ADDRESS` to listen at")
	cmd.Flags().IntVar(&options.Port, "port", 4222, "The `PORT` to listen at")
	cmd.Flags().StringVar(&options.Dir, "dir", "", "The `DIR` that holds the queues")
	_ = cmd.MarkFlagRequired("dir") // the flag is defined above
	return cmd
}

func feed(server *string) *cobra.Command {
	var options orders.FeedOptions
	cmd := &cobra.Command{
		Use: "feed", Short: "Queue orders, one after the other, from the last one that is queued on", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return orders.Feed(cmd.Context(), *server, options, cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&options.Source, "source", "shop", "Whose orders they are, a `NAME`")
	cmd.Flags().IntVar(&options.Count, "count", 0, "To what `NUMBER` to go; 0 goes on until a signal")
	cmd.Flags().DurationVar(&options.Every, "every", 100*time.Millisecond, "The `TIME` from one to the next")
	cmd.Flags().BoolVar(&options.Forgetful, "forgetful", false, "A weakness: begin with the first order again, and queue it twice")
	return cmd
}

func work(server *string) *cobra.Command {
	var options orders.WorkOptions
	cmd := &cobra.Command{
		Use: "work", Short: "Work off orders, until a signal", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return orders.Work(cmd.Context(), *server, options) },
	}
	cmd.Flags().DurationVar(&options.Takes, "takes", 200*time.Millisecond, "How much `TIME` an order takes")
	cmd.Flags().BoolVar(&options.AckFirst, "ack-first", false, "A weakness: say that an order is done before it is")
	return cmd
}

func audit(server *string) *cobra.Command {
	var options orders.AuditOptions
	cmd := &cobra.Command{
		Use: "audit", Short: "Say what has become of the orders, and fail if one is overdue, missing or double", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := orders.Look(cmd.Context(), *server, options)
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), a)
			return a.Fault(options)
		},
	}
	cmd.Flags().StringVar(&options.Source, "source", "shop", "Whose orders, a `NAME`")
	cmd.Flags().DurationVar(&options.Within, "within", 15*time.Second, "The `TIME` in which an order must be done")
	cmd.Flags().IntVar(&options.Exactly, "exactly", 0, "How `MANY` orders there must be, each queued once and done; 0 leaves that open")
	return cmd
}
