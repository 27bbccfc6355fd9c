using System.Collections;
using RPort.Agent.Configuration;
using RPort.Agent.Tests.Kit;

namespace RPort.Agent.Tests.Configuration;

public sealed class ConfigurationTests : IDisposable
{
    private const string Sha256 = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    private const string Complete = $$$"""{"Client":{"Server":"gw:8080","Auth":"me:secret","Fingerprint":"{{{Sha256}}}"}}""";

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_file_gives_every_kind_of_value()
    {
        LoadedConfiguration loaded = Load($$$"""
            {
              // a comment, and a comma too many
              "Client": { "Server": "gw:8080", "Auth": "me:secret", "Fingerprint": "{{{Sha256}}}", "Tags": ["a", "b"], "Labels": {"site": "north"}, "AllowRoot": true, "UseSystemId": false, },
              "Connection": { "KeepAlive": "1m30s", "KeepAliveTimeout": "00:00:10", "Headers": {"X-Key": "k"} },
              "FileReception": { "MaxConcurrent": 7, "Protected": [] },
              "Logging": { "Level": "debug" },
            }
            """);
        Assert.Empty(loaded.Errors);
        AgentOptions options = loaded.Options;
        Assert.Equal("gw:8080", options.Client.Server);
        Assert.Equal(["a", "b"], options.Client.Tags);
        Assert.Equal("north", options.Client.Labels["site"]);
        Assert.True(options.Client.AllowRoot);
        Assert.False(options.Client.UseSystemId);
        Assert.Equal(TimeSpan.FromSeconds(90), options.Connection.KeepAlive);
        Assert.Equal(TimeSpan.FromSeconds(10), options.Connection.KeepAliveTimeout);
        Assert.Equal("k", options.Connection.Headers["X-Key"]);
        Assert.Equal(7, options.FileReception.MaxConcurrent);
        Assert.Empty(options.FileReception.Protected);
        Assert.Equal(Microsoft.Extensions.Logging.LogLevel.Debug, options.Logging.Level);
    }

    [Fact]
    public void The_environment_outweighs_the_file_and_the_command_line_both()
    {
        Hashtable environment = new() { ["RPORT_CLIENT__NAME"] = "from env", ["RPORT_CLIENT__ID"] = "env-id", ["RPORT_AUTH"] = "env:pw" };
        ConfigurationEntry[] commandLine = [new("Client:Id", "cli-id", "--id")];
        LoadedConfiguration loaded = Load(
            $$$"""{"Client":{"Server":"gw","Fingerprint":"{{{Sha256}}}","Auth":"file:pw","Name":"from file","Id":"file-id","Tags":["x"]}}""", environment, commandLine);
        Assert.Empty(loaded.Errors);
        Assert.Equal("env:pw", loaded.Options.Client.Auth);
        Assert.Equal("from env", loaded.Options.Client.Name);
        Assert.Equal("cli-id", loaded.Options.Client.Id);
        Assert.Equal("environment RPORT_AUTH", loaded.Origins["Client:Auth"]);
        Assert.Equal("--id", loaded.Origins["Client:Id"]);
        Assert.StartsWith("file ", loaded.Origins["Client:Tags"], StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_is_replaced_as_a_whole_by_a_heavier_source()
    {
        LoadedConfiguration loaded = Load(
            $$$"""{"Client":{"Server":"gw","Auth":"a:b","Fingerprint":"{{{Sha256}}}","Tags":["one","two","three"]}}""", new Hashtable { ["RPORT_CLIENT__TAGS"] = "four, five" });
        Assert.Equal(["four", "five"], loaded.Options.Client.Tags);
    }

    [Fact]
    public void Every_key_can_be_set_by_its_environment_variable()
    {
        foreach (ConfigurationKey key in ConfigurationSchema.All)
        {
            LoadedConfiguration loaded = Load(null, new Hashtable { [key.Variable] = "?" });
            Assert.Equal($"environment {key.Variable}", loaded.Origins[key.Path]);
        }
    }

    [Fact]
    public void Parts_of_lists_and_maps_can_be_given_one_by_one()
    {
        LoadedConfiguration loaded = Load(Complete, new Hashtable { ["RPORT_CLIENT__TAGS__1"] = "b", ["RPORT_CLIENT__TAGS__0"] = "a", ["RPORT_CLIENT__LABELS__site"] = "north" });
        Assert.Empty(loaded.Errors);
        Assert.Equal(["a", "b"], loaded.Options.Client.Tags);
        Assert.Equal("north", loaded.Options.Client.Labels["site"]);
    }

    [Theory]
    [InlineData("""{"Client":{"Sever":"gw"}}""", "Client:Sever", "Client:Server")]
    [InlineData("""{"Conection":{"KeepAlive":"5s"}}""", "Conection:KeepAlive", "Connection:KeepAlive")]
    public void An_unknown_key_is_an_error_that_names_the_nearest(string json, string given, string nearest)
    {
        Assert.Contains(Load(json).Errors, error => error.StartsWith(given + ":", StringComparison.Ordinal) && error.Contains($"the nearest is {nearest}", StringComparison.Ordinal));
    }

    [Fact]
    public void An_unknown_variable_of_ours_is_an_error_and_one_of_others_is_not()
    {
        LoadedConfiguration loaded = Load(Complete, new Hashtable { ["RPORT_CLIENT__SERVR"] = "x", ["RPORT_AUHT"] = "x", ["RPORT_SERVICE_HOST"] = "10.0.0.1", ["RPORT_PORT"] = "tcp://x" });
        Assert.Equal(2, loaded.Errors.Count);
        Assert.Contains(loaded.Errors, error => error.Contains("CLIENT:SERVR", StringComparison.Ordinal) && error.Contains("Client:Server", StringComparison.Ordinal));
        Assert.Contains(loaded.Errors, error => error.Contains("did you mean RPORT_AUTH?", StringComparison.Ordinal));
    }

    [Fact]
    public void All_errors_are_told_at_once_with_key_value_and_rule()
    {
        LoadedConfiguration loaded = Load("""
            {"Client":{"Server":"ftp://x","Id":"a b","AllowRoot":"maybe","Fingerprint":"12:34","Proxy":"gopher://u:hidden@p"},"Connection":{"KeepAlive":"5"},"FileReception":{"MaxConcurrent":0}}
            """);
        Assert.Equal(8, loaded.Errors.Count); // those above, and no Auth
        Assert.Contains(loaded.Errors, error => error.Contains("Connection:KeepAlive = \"5\": must be a time from 1s to 1h", StringComparison.Ordinal));
        Assert.Contains(loaded.Errors, error => error.Contains("Client:Server = \"ftp://x\"", StringComparison.Ordinal));
        Assert.DoesNotContain(loaded.Errors, error => error.Contains("hidden", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("{", "no valid JSON")]
    [InlineData("[]", "must be a JSON object")]
    [InlineData("""{"Client":{"Id":"a","id":"b"}}""", "given twice")]
    [InlineData("""{"Client":{"Id":["a"]}}""", "Client:Id:0")]
    public void A_broken_file_is_named(string json, string expected) => Assert.Contains(Load(json).Errors, error => error.Contains(expected, StringComparison.Ordinal));

    [Fact]
    public void A_file_that_was_asked_for_and_is_missing_is_an_error() =>
        Assert.Contains(ConfigurationLoader.Load(_folder["none.json"], new Hashtable(), []).Errors, error => error.Contains("cannot be read", StringComparison.Ordinal));

    [Fact]
    public void Without_a_fingerprint_only_an_explicit_word_lets_it_start()
    {
        const string Unpinned = """{"Client":{"Server":"gw","Auth":"a:b"}}""";
        Assert.Contains(Load(Unpinned).Errors, error => error.StartsWith("Client:Fingerprint", StringComparison.Ordinal));
        LoadedConfiguration allowed = Load(Unpinned, new Hashtable { ["RPORT_CLIENT__ALLOWUNPINNED"] = "true" });
        Assert.Empty(allowed.Errors);
        Assert.Contains(allowed.Warnings, warning => warning.Contains("AllowUnpinned", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("SHA256:abc")]
    [InlineData("SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("aa:bb:cc")]
    [InlineData("aa:bb:cc:dd:ee:ff:00:11:22:33:44:55:66:77:88")]
    [InlineData("aa:bb:cc:dd:ee:ff:00:11:22:33:44:55:66:77:88:9")]
    public void A_fingerprint_that_is_not_whole_is_refused(string fingerprint) => Assert.NotNull(ValueRules.Fingerprint(fingerprint));

    [Theory]
    [InlineData(Sha256)]
    [InlineData("aa:bb:cc:dd:ee:ff:00:11:22:33:44:55:66:77:88:99")]
    [InlineData("MD5:AA:bb:cc:dd:ee:ff:00:11:22:33:44:55:66:77:88:99")]
    public void A_whole_fingerprint_is_taken(string fingerprint) => Assert.Null(ValueRules.Fingerprint(fingerprint));

    [Fact]
    public void The_secret_is_read_from_its_own_file()
    {
        string file = _folder.Write("auth", "me:from file\nsecond line\n");
        LoadedConfiguration loaded = Load($$$"""{"Client":{"Server":"gw","Fingerprint":"{{{Sha256}}}","AuthFile":"{{{file}}}"}}""");
        Assert.Empty(loaded.Errors);
        Assert.Empty(loaded.Warnings);
        Assert.Equal("me:from file", loaded.Options.Client.Auth);
    }

    [Fact]
    public void A_secret_that_everybody_may_read_is_refused_and_one_of_the_group_is_warned_of()
    {
        const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        string open = _folder.Write("open", "me:x", Owner | UnixFileMode.OtherRead);
        string group = _folder.Write("group", "me:x", Owner | UnixFileMode.GroupRead);
        Assert.Contains(Load(With(open)).Errors, error => error.Contains("everybody", StringComparison.Ordinal));
        LoadedConfiguration loaded = Load(With(group));
        Assert.Empty(loaded.Errors);
        Assert.Contains(loaded.Warnings, warning => warning.Contains("group", StringComparison.Ordinal));

        static string With(string file) => $$$"""{"Client":{"Server":"gw","Fingerprint":"{{{Sha256}}}","AuthFile":"{{{file}}}"}}""";
    }

    [Fact]
    public void Of_a_secret_and_its_file_the_heavier_source_counts()
    {
        string file = _folder.Write("auth", "from:file");
        LoadedConfiguration loaded = Load(Complete, new Hashtable { ["RPORT_CLIENT__AUTHFILE"] = file });
        Assert.Equal("from:file", loaded.Options.Client.Auth);
        loaded = Load($$$"""{"Client":{"Server":"gw","Fingerprint":"{{{Sha256}}}","AuthFile":"{{{file}}}"}}""", new Hashtable { ["RPORT_AUTH"] = "from:env" });
        Assert.Equal("from:env", loaded.Options.Client.Auth);
        loaded = Load($$$"""{"Client":{"Server":"gw","Fingerprint":"{{{Sha256}}}","Auth":"a:b","AuthFile":"{{{file}}}"}}""");
        Assert.Contains(loaded.Errors, error => error.Contains("only one of them", StringComparison.Ordinal));
    }

    [Fact]
    public void A_file_with_a_secret_that_everybody_may_read_is_warned_of()
    {
        string file = _folder.Write("agent.json", Complete, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        LoadedConfiguration loaded = ConfigurationLoader.Load(file, new Hashtable(), []);
        Assert.Empty(loaded.Errors);
        Assert.Contains(loaded.Warnings, warning => warning.Contains("read by everybody", StringComparison.Ordinal));
    }

    [Fact]
    public void The_report_masks_every_secret_and_names_origins()
    {
        LoadedConfiguration loaded = Load($$$"""
            {"Client":{"Server":"gw","Fingerprint":"{{{Sha256}}}","Auth":"me:hush1","Proxy":"http://pu:hush2@proxy:3128"},"Connection":{"Headers":{"X-Key":"hush3"} } }
            """);
        StringWriter report = new();
        ConfigurationReport.WriteValues(loaded, report);
        string text = report.ToString();
        Assert.DoesNotContain("hush", text, StringComparison.Ordinal);
        Assert.Contains("Client:Auth = me:********   (file ", text, StringComparison.Ordinal);
        Assert.Contains("Client:Proxy = http://********@proxy:3128", text, StringComparison.Ordinal);
        Assert.Contains("Connection:Headers = X-Key=********", text, StringComparison.Ordinal);
        Assert.Contains("Connection:KeepAlive = 20s   (default)", text, StringComparison.Ordinal);
        Assert.Equal(ConfigurationSchema.All.Count, text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Theory]
    [InlineData("90s", 90_000)]
    [InlineData("1m30s", 90_000)]
    [InlineData("1.5s", 1_500)]
    [InlineData("250ms", 250)]
    [InlineData("2h", 7_200_000)]
    [InlineData("00:01:30", 90_000)]
    public void Times_are_read(string text, int milliseconds)
    {
        Assert.True(DurationText.TryParse(text, out TimeSpan time));
        Assert.Equal(milliseconds, time.TotalMilliseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("s")]
    [InlineData("5 s")]
    [InlineData("-5s")]
    [InlineData("5y")]
    [InlineData("99999999999999999999h")]
    public void What_is_no_time_is_refused(string text) => Assert.False(DurationText.TryParse(text, out _));

    private LoadedConfiguration Load(string? json, Hashtable? environment = null, IReadOnlyList<ConfigurationEntry>? commandLine = null)
    {
        string? file = json is null ? null : _folder.Write("agent.json", json);
        return ConfigurationLoader.Load(file, environment ?? [], commandLine ?? []);
    }
}
