#!/usr/bin/env bash
# A tunnel through an agent that dials wss:// beside one through an agent that dials ws://, each with a gateway of its own, in alternation, to the same target.
#   bench/wss.sh [ROUNDS=3] [MEGABYTES=1500]
# Prints MB/s and CPU seconds per GB (gateway and agent) for 1 and 8 streams each way. Inside is aes128-gcm in both cases.

# shellcheck source=bench/lib.sh
. "$(dirname "$0")/lib.sh"
rounds=$(whole ROUNDS "${1:-3}" 1 100)
megabytes=$(whole MEGABYTES "${2:-1500}" 1 100000)
[ $# -le 2 ] || misused "Too many arguments."
prepare openssl:openssl
gigabytes=$(awk "BEGIN { print $megabytes / 1000 }")

target=$(free_port)
start_target serve "$target"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 2> openssl.log
start_gateway plain
start_agent plain ws
start_gateway tls --Agents:CertificateFile="$work/cert.pem" --Agents:KeyFile="$work/key.pem"
start_agent tls wss env SSL_CERT_FILE="$work/cert.pem"
eventually 30 "the agent is connected" agents_connected plain 1
eventually 30 "the agent that dials wss is connected" agents_connected tls 1
plain=$(open_tunnel plain ws "$target")
tls=$(open_tunnel tls wss "$target")

for round in $(seq 0 "$rounds"); do
  [ "$round" != 1 ] || forget
  for streams in 1 8; do
    for way in down up; do
      measure ours "${server[tls]} ${agent[wss]}" "$gigabytes" "$way-$streams" bulk "$tls" $way $streams "$megabytes"
      measure ws "${server[plain]} ${agent[ws]}" "$gigabytes" "$way-$streams" bulk "$plain" $way $streams "$megabytes"
    done
  done
done

for streams in 1 8; do
  for way in down up; do
    case $way in down) words="to the user" ;; *) words="to the machine" ;; esac
    echo "$words, $streams stream(s)|MB/s|$way-$streams|ws|ratio|>|-|-"
    echo "  CPU of both ends|s/GB|$way-$streams-cpu|ws|ratio|<|1.8|1.5"
  done
done | report "Tunnel, wss:// beside ws://"
