namespace Relay.Configuration;

/// <summary>What 'relay init' writes. The config holds exactly the defaults, so deleting a line changes nothing.</summary>
internal static class ConfigTemplate
{
    /// <summary>The prompts are comments. Uncommented they work as they are; left as comments they follow the program's updates.</summary>
    public static string Config { get; } = $$"""
        # Settings of this relay. Every key has the default shown here; a line you delete changes nothing.
        # Changes are picked up while relay runs, where they can be. Keys and tokens belong in .env.

        model: claude-opus-5-5
        max_tokens: 16000                # longest reply, 1 to 128000

        # What the advisor is told about its work. This is the built-in text; uncomment it to change it,
        # or keep yours in a file of this folder with: system_prompt_file: advisor.md
        # system_prompt: |
        {{Commented(new RelayConfig().SystemPromptText)}}

        # How older turns are summed up.
        # summarization_prompt: |
        {{Commented(Prompts.Summarization)}}

        history_char_cap: 400000         # over this many characters the older turns are summarised, 100 to 50000000
        keep_recent_turns: 10            # these stay word for word, 1 to 1000
        rulings_char_cap: 40000          # over this many characters of your rulings you are told which to retire, 100 to 50000000

        sessions:
          - session_id: session-1        # 1 to 64 of A-Z a-z 0-9 _ -
            conversation: default        # sessions of one conversation share the advisor's memory
            # user: alice                # whose files in queue/ speak for it, beside yours: a user of this machine
        accept_unknown_sessions: true    # false: only the sessions listed above are heard

        operator:
          name: JC                       # what the advisor calls you
          token: "[NEEDS-JC]"            # a reply that has this near its start is for you
          scan_chars: 200                # how near: in so many characters, 1 to 100000
          input_file: jc_input.txt       # in state/; what you write there is your answer

        page_content: full               # of a page on your phone: full, title, or none (only that something waits, and its number)
        page_buttons: protected          # buttons that answer, where nobody reads the topic without a token; off; or
                                         # every-reader-may-answer, on an open topic too: then whoever reads it can answer for you

        remind_after: 30m                # page a question again when it is open so long, 1m to 7d, or off
        second_ways: []                  # when it is open as long again, or the server takes no page: [{ntfy: https://HOST/TOPIC},
                                         # {webhook: https://HOST/PATH}, {mail: me@HOST, from: relay@HOST, smtp: smtp://USER@HOST:587}]
        # quiet_hours: {from: "22:00", to: "07:00", urgent: 5}   # silent pages, but of priority 5; also zone: Europe/Berlin
        digest: off                      # or a time such as "08:00": one page a day with what is open

        queue: on                        # off: no file in queue/ is taken
        listen: 127.0.0.1:7420           # HTTP; port 0 is any free one, see state/endpoint.json
        # tls: {certificate: cert.pem, key: key.pem}   # needed where listen is open to the network; or behind: proxy, where one speaks TLS
        # public_url: https://relay.example.org        # where you reach it, behind a proxy or a VPN: in the links of relay dashboard
        # proxies: [10.0.0.2]            # whose X-Forwarded-For and -Proto are believed: addresses, or networks such as 10.0.0.0/8
        cache_ttl: auto                  # prompt cache: auto, 5m, 1h or off
        max_parallel_turns: 16           # conversations asked at once, 1 to 1000

        budget:                          # in US dollars; null is no limit
          per_day_usd: null
          per_month_usd: null
          reserve: worst                 # a call has to fit with its worst cost; or likely, which may pass a cap by one call's worst

        agents:                          # Claude Code sessions, see relay connect
          max_rounds: 25                 # of relay mode in a row without a human, 1 to 1000
          stop_hold: 20s                 # how long relay mode holds the Stop of a session that a waiter can wake, 1s to 19m
          new_names_per_hour: 30         # that one connection may make, 1 to 100000
          max_permissions: 3             # requests of a session that wait for you at once, 1 to 100; then only its own prompt asks
          # wake: claude -p --resume {claude_session_id}   # wakes a headless session with a late reply; off by default
          # wake_in: [/path/to/projects] # where, beside what relay connect --project has connected
          subagent_patience: 120s        # its request waits so long for you, with no dialog at the terminal, 1s to 540s
          ask_advisor_first: false       # the advisor may answer multiple-choice questions, and recommends; you are asked where it says so
          advisor_may_allow: []          # tools whose use the advisor may allow by itself, such as [Read]
          allow: []                      # permissions given without asking, such as [{tool: Bash, pattern: "git status*"}]

        stuck_after: 10m                 # page you when a message waits this long, 1s to 30d
        max_envelope_bytes: 1048576      # larger envelopes are rejected, 64 to 104857600
        store: sqlite                    # or postgres, with RELAY_DATABASE_URL in .env
        advisor: anthropic               # or simulated: an offline stand-in for trying things out

        """;

    public const string Env = """
        # Secrets of this relay; keep this file to yourself (mode 0600).
        # The environment goes before this file for RELAY_* and NTFY_*, this file before the environment for ANTHROPIC_*.

        # ANTHROPIC_API_KEY=
        # ANTHROPIC_BASE_URL=https://api.anthropic.com

        # Pages go to this ntfy topic. Who knows the topic can read them; one that cannot be guessed is made at the first run.
        # NTFY_TOPIC=
        # NTFY_SERVER=https://ntfy.sh
        # NTFY_TOKEN=

        # What you publish to the answer topic is your answer: relay topic prints it; it is made of RELAY_TOKEN unless it stands here.
        # The token is what the buttons of a page carry, with the right to write to that topic and no more; without it, NTFY_TOKEN.
        # NTFY_ANSWER_TOPIC=
        # NTFY_ANSWER_TOKEN=

        # For second_ways in config.yaml: the token of its ntfy server, the bearer of its webhook, the password of its mail server.
        # NTFY_SECOND_TOKEN=
        # RELAY_WEBHOOK_TOKEN=
        # RELAY_SMTP_PASSWORD=

        # The operator's token for relay's HTTP, at least 128 bits; made at the first run. Sessions have their own: relay token NAME.
        # RELAY_TOKEN=

        # With store: postgres in config.yaml, the database, such as postgres://relay:PASSWORD@localhost/relay
        # RELAY_DATABASE_URL=

        """;

    private static string Commented(string text) =>
        string.Join('\n', text.Split('\n').Select(line => $"#   {line}".TrimEnd()));
}
