import subprocess, time, os
from lib.wait import wait_until
def test_stress(gateway, publish, device, database):
    publish("1.1.0", size=1<<20)
    rounds = int(os.environ.get("ROUNDS", "5"))
    for r in range(rounds):
        units = [device(f"d{r}-{i}") for i in range(8)]
        end = time.time() + 45
        stuck = units
        while time.time() < end:
            stuck = [u for u in units if not u.logged("SWUPDATE successful")]
            if not stuck: break
            time.sleep(0.3)
        if stuck:
            for u in stuck:
                print("STUCK", u.id, u.process.pid, "returncode", u.process.poll())
                print(u.log[-1500:])
                print(subprocess.run(f"ss -tnpoim | grep -A1 -E ':{gateway.port}\\b'; for p in $(pgrep -g {u.process.pid}); do echo == $p; cat /proc/$p/cmdline | tr '\\0' ' '; for t in /proc/$p/task/*; do echo $t $(cat $t/wchan) $(cat $t/syscall); done; gdb -p $p -batch -ex 'thread apply all bt' 2>/dev/null | grep -E '^(Thread|#)'; done", shell=True, capture_output=True, text=True).stdout)
            assert 0, [u.id for u in stuck]
        for u in units: u.stop()
