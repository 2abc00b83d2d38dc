#!/bin/sh
# Hands an event of Claude Code to the relay, and the relay's answer to Claude Code. Written by relay connect, which writes it anew.
# Whatever happens it says nothing and ends with 0: that the relay is down, or the token wrong, a session is told once, when it starts.
#   sh relay-hook SECONDS [HEADER:VALUE]...
home=@HOME@
url=@URL@
token_file=@TOKEN_FILE@

token=${RELAY_SESSION_TOKEN-}
if [ -n "$token_file" ]; then
    [ -z "$token" ] || exit 0 # The project, or the terminal, has a connection of its own.
    read -r token <"$token_file" || exit 0
fi 2>/dev/null
[ -n "$token" ] || exit 0
seconds=$1
shift

headers="Content-Type: application/json
Authorization: Bearer $token
X-Relay-Block-Cap: ${CLAUDE_CODE_STOP_HOOK_BLOCK_CAP-}"
session=${RELAY_SESSION:+X-Relay-Session: $RELAY_SESSION}
for header in "$@"; do
    case $header in
    X-Relay-Session:*) session=$header ;;
    *) headers="$headers
$header" ;;
    esac
done
[ -z "$session" ] || headers="$headers
$session"

# Where the home can be read, by the socket in it alone: at the port anybody may listen while the relay is down. By a relative path, for
# that of a socket may not be long.
PATH=/usr/bin:/bin:/usr/local/bin:/opt/homebrew/bin
way=
if [ -n "$home" ] && cd "$home/state" 2>/dev/null; then
    if [ ! -S relay.sock ]; then # Where the file system of the home has no sockets.
        other=$(sed -n 's/.*"socket": *"\([^"]*\)\/relay.sock".*/\1/p' endpoint.json 2>/dev/null)
        [ ! -O "$other" ] || cd "$other" || exit 0
    fi
    way='--unix-socket relay.sock --http1.0'
    url=http://localhost
fi
if ! command -v curl >/dev/null; then
    exec @PROGRAM@ hook post --home "$home" --url "$url" --token-file "$token_file" --timeout "$seconds" "$@"
fi
# The token goes by a pipe, because every user of the machine can read command lines.
curl -q -s -f --noproxy '*' $way --connect-timeout 2 --max-time "$seconds" --max-filesize 67108864 \
    -H @/dev/fd/3 --data-binary @- "$url/hooks/claude-code" 2>/dev/null 3<<END || :
$headers
END
