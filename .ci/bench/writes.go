package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/procore/terraform-provider-procore/server/servertest/load"
)

// writeRow is a kind of change: by one client, by sixteen, and at half of what those sixteen reach.
type writeRow struct {
	What              string
	Append, One, Many measured
	HalfRate, HalfP99 series
}

// Gain is what sixteen clients reach by what one does.
func (r writeRow) Gain() series { return r.Many.Rate.over(r.One.Rate) }

// Share is what sixteen reach by what a bare append with fdatasync does.
func (r writeRow) Share() series { return r.Many.Rate.over(r.Append.Rate) }

// measureWrites measures creates and resets on each store.
func measureWrites(ctx context.Context, b *bench) error {
	return b.onEachStore(ctx, func(ctx context.Context, w *world, into *storeReport) error {
		for _, one := range []struct {
			name, what string
			request    func(int64) []byte
		}{
			{"create", "create", w.createRequest},
			{"reset", "reset a secret", w.resetRequest},
		} {
			contenders := slices.Concat([]contender{b.appender()}, w.both("one", 1, one.request), w.both("many", connections, one.request))
			results, err := b.alternate(ctx, one.name, contenders...)
			if err != nil {
				return err
			}
			found := writeRow{What: one.what, Append: results[0], One: results[1], Many: results[1+len(results)/2]}
			for range b.rounds {
				half, err := w.half(ctx, one.name, found.Many.Rate.median()/2, one.request)
				if err != nil {
					return err
				}
				found.HalfRate, found.HalfP99 = append(found.HalfRate, half.rate), append(found.HalfP99, half.p99)
			}
			into.Writes = append(into.Writes, found)
		}
		return nil
	})
}

// half offers a rate, whether the server keeps up or not, over twice as many connections as the peak had, so that a slow answer holds
// up none that falls due meanwhile.
func (w *world) half(ctx context.Context, name string, rate float64, request func(int64) []byte) (sample, error) {
	got, err := w.b.put(ctx, load.Load{
		Address: w.server.address, PID: w.server.pid(), Connections: 2 * connections, Request: request, Rate: rate, Duration: max(w.b.round, time.Second),
	})
	if err == nil {
		w.b.tell(name, "half", got)
	}
	return got, err
}

func (w *world) createRequest(int64) []byte {
	return load.Raw("POST", accounts, jsonType+authorization(w.bearer), fmt.Sprintf(`{"name":"made one by one %d","description":"made by the benchmark"}`, w.created.Add(1)))
}

func (w *world) resetRequest(n int64) []byte {
	return load.Raw("POST", accounts+"/"+w.id(w.number(n))+"/actions/reset_secret", jsonType+authorization(w.bearer), `{}`)
}

// appender is the floor of every change that is to last: 4 KiB at the end of a file, and waiting until they are on the disk.
func (b *bench) appender() contender {
	return contender{"append", func(ctx context.Context) (s sample, err error) {
		file, err := os.Create(filepath.Join(b.folder, "append"))
		if err != nil {
			return s, err
		}
		defer func() { err = errors.Join(err, file.Close(), os.Remove(file.Name())) }()
		block := make([]byte, 4<<10)
		started := time.Now()
		for time.Since(started) < b.round && ctx.Err() == nil {
			if _, err := file.Write(block); err != nil {
				return s, err
			}
			if err := dataSync(file); err != nil {
				return s, err
			}
			s.count++
		}
		s.rate = float64(s.count) / time.Since(started).Seconds()
		return s, nil
	}}
}
