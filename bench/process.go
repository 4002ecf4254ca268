package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a server under test: a peer, or ourselves.
type process struct {
	command *exec.Cmd
	address string
}

// startProcess runs a command that prints "listening http://…" and waits for that line, ten seconds at most.
func startProcess(ctx context.Context, c *exec.Cmd) (*process, error) {
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, err
	}
	p := &process{command: c}
	found := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() { // to its end: a full pipe would stop the server
			if _, rest, ok := strings.Cut(lines.Text(), "listening http://"); ok {
				select {
				case found <- strings.Trim(strings.Fields(rest + " -")[0], "/"):
				default:
				}
			}
		}
		close(found)
	}()
	select {
	case address, ok := <-found:
		if !ok {
			p.stop()
			return nil, fmt.Errorf("%s ended before it listened", c.Path)
		}
		p.address = address
		return p, nil
	case <-time.After(10 * time.Second):
	case <-ctx.Done():
	}
	p.stop()
	return nil, fmt.Errorf("%s does not listen", c.Path)
}

func (p *process) stop() {
	_ = p.command.Process.Kill() // it may be gone already
	_ = p.command.Wait()         // killed, which is what it then says
}

// cpu is the time that the process has worked so far, user and system (proc(5), fields 14 and 15, in hundredths of a second).
func (p *process) cpu() (time.Duration, error) { return cpuOf(p.command.Process.Pid) }

func cpuOf(pid int) (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, after, _ := strings.Cut(string(stat), ") ") // the name may hold spaces
	fields := strings.Fields(after)
	if len(fields) < 13 {
		return 0, fmt.Errorf("unreadable /proc/%d/stat", pid)
	}
	var ticks int64
	for _, f := range fields[11:13] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond, nil
}
