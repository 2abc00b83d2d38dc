#!/bin/sh
# Hands an event of Claude Code to the relay, and the relay's answer to Claude Code. Written by relay connect, which writes it anew.
# It ends with 0 and says nothing but this, once, until the relay was reached again: that the relay went down while the session was open.
# All else that is wrong a session is told once, when it starts.
#   sh relay-hook SECONDS [tell] [HEADER:VALUE]...
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
tells=
for header in "$@"; do
    case $header in
    tell) tells=1 ;;
    X-Relay-Session:*) session=$header ;;
    *) headers="$headers
$header" ;;
    esac
done
[ -z "$session" ] || headers="$headers
$session"

# A folder that is there while the user of this client knows that the relay is down.
known=${CLAUDE_PID:-${CLAUDE_CODE_SESSION_ID-}}
case $known in
'' | *[!0-9A-Za-z-]*) known= ;;
*) known=${XDG_CONFIG_HOME:-${HOME-}/.config}/relay/unreached/$known ;;
esac

# Where the home can be read, by the socket in it alone: at the port anybody may listen while the relay is down. By a relative path, for
# that of a socket may not be long.
path=$PATH
PATH=/usr/bin:/bin:/usr/local/bin:/opt/homebrew/bin
case $0 in
*/hooks/relay-hook) # The plugin's. Where the project has hooks of its own they do it: one event reported twice may be answered twice.
    project=${CLAUDE_PROJECT_DIR:-.}/.claude
    ! grep -qs -e "/relay-hook'* [0-9]" -e '/hooks/claude-code"' "$project/settings.local.json" "$project/settings.json" || exit 0 ;;
esac
if ! command -v curl >/dev/null; then
    PATH=$path
    @PROGRAM@ hook post --home "$home" --url "$url" --token-file "$token_file" --timeout "$seconds" "$@" 2>/dev/null
    exit 0
fi
way=
if [ -n "$home" ] && cd "$home/state" 2>/dev/null; then
    if [ ! -S relay.sock ]; then # Where the file system of the home has no sockets.
        other=$(sed -n 's/.*"socket": *"\([^"]*\)\/relay.sock".*/\1/p' endpoint.json 2>/dev/null)
        [ ! -O "$other" ] || cd "$other" || exit 0
    fi
    way='--unix-socket relay.sock --http1.0'
    url=http://localhost
fi
# The token goes by a pipe, because every user of the machine can read command lines.
curl -q -s -f --noproxy '*' $way --connect-timeout 2 --max-time "$seconds" --max-filesize 67108864 \
    -H @/dev/fd/3 --data-binary @- "$url/hooks/claude-code" 2>/dev/null 3<<END
$headers
END
case $? in
0 | 22) # It answered.
    [ ! -d "$known" ] || rmdir "$known" ;;
7 | 52 | 56) # Nobody is there, or is no longer.
    [ -z "$tells" ] || [ -z "$known" ] || ! mkdir -p "${known%/*}" || ! mkdir "$known" || printf '%s\n' @UNREACHED@ ;;
esac 2>/dev/null
exit 0
