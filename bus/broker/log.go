package broker

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
)

// serverLog hands the server's log to slog. It also catches what the server calls
// fatal: that is how it says that it can't start, and all that it does about it.
type serverLog struct {
	logger *slog.Logger
	fatal  chan error // holds one; the first counts
}

func newServerLog(logger *slog.Logger) *serverLog {
	return &serverLog{logger: logger, fatal: make(chan error, 1)}
}

func (l *serverLog) log(level slog.Level, format string, v ...any) {
	if l.logger.Enabled(context.Background(), level) {
		l.logger.Log(context.Background(), level, "nats-server: "+fmt.Sprintf(format, v...))
	}
}

// Fatalf doesn't log: Start returns the error.
func (l *serverLog) Fatalf(format string, v ...any) {
	select {
	case l.fatal <- fmt.Errorf(format, v...):
	default:
	}
}

func (l *serverLog) Errorf(format string, v ...any) { l.log(slog.LevelWarn, format, v...) }
func (l *serverLog) Warnf(format string, v ...any) {
	level := slog.LevelWarn
	if strings.HasPrefix(format, "Websocket not configured with TLS") {
		level = slog.LevelDebug // it listens on loopback, Start has seen to that
	}
	l.log(level, format, v...)
}

func (l *serverLog) Noticef(format string, v ...any) { l.log(slog.LevelDebug, format, v...) }
func (l *serverLog) Debugf(format string, v ...any)  { l.log(slog.LevelDebug, format, v...) }
func (l *serverLog) Tracef(format string, v ...any)  { l.log(slog.LevelDebug, format, v...) }
