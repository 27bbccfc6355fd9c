using System.Text;
using RPort.Agent.Configuration;
using RPort.Agent.Files;
using RPort.Protocol;

namespace RPort.Agent.Tests.Files;

/// <summary>The rules on text alone, every system's on every system.</summary>
public sealed class ProtectedPatternTests
{
    [Theory]
    [InlineData("/usr/bin", "/usr/bin/x", true)]
    [InlineData("/usr/bin", "/usr/bin/sub/deeper/x", true)]
    [InlineData("/usr/bin/", "/usr/bin/x", true)]
    [InlineData("/usr//bin/.", "/usr/bin/x", true)]
    [InlineData("/usr/bin", "/usr/bin", true)]
    [InlineData("/usr/bin", "/usr/binary/x", false)]
    [InlineData("/usr/bin", "/opt/usr/bin/x", false)]
    [InlineData("/usr/bin", "//usr///bin/./x", true)]
    [InlineData("/usr/bin", "/opt/../usr/bin/x", true)]
    [InlineData("/usr/bin", "/usr/bin/../x", false)]
    [InlineData("/usr/bin", "/../usr/bin/x", true)]
    [InlineData("/usr/bin", "/USR/bin/x", false)]
    [InlineData("/lib*", "/lib64/x", true)]
    [InlineData("/lib*", "/lib/systemd/system/x.service", true)]
    [InlineData("/lib*", "/opt/lib/x", false)]
    [InlineData("/home/*/.ssh", "/home/anna/.ssh/authorized_keys", true)]
    [InlineData("/home/*/.ssh", "/home/anna/deep/.ssh/authorized_keys", false)]
    [InlineData("/etc/*.conf", "/etc/a.conf", true)]
    [InlineData("/etc/*.conf", "/etc/a.conf.d/x", false)]
    [InlineData("/etc/?", "/etc/a/x", true)]
    [InlineData("/etc/?", "/etc/ab", false)]
    [InlineData("/etc/[a-c]x", "/etc/bx", true)]
    [InlineData("/etc/[^a-c]x", "/etc/bx", false)]
    [InlineData("/etc/[^a-c]x", "/etc/dx", true)]
    [InlineData(@"/etc/\*", "/etc/*", true)]
    [InlineData(@"/etc/\*", "/etc/x", false)]
    [InlineData("/etc/a*b*c", "/etc/aXbXbXc", true)]
    [InlineData("/etc/a*b*c", "/etc/aXbXbX", false)]
    [InlineData("/", "/anything", true)]
    public void On_linux(string pattern, string path, bool covered) => Assert.Equal(covered, Covers(pattern, path, PathRules.Linux));

    [Theory]
    [InlineData(@"C:\Windows\", @"C:\Windows\x.exe", true)]
    [InlineData(@"C:\Windows\", @"C:\Windows\System32\drivers\x.sys", true)]
    [InlineData(@"C:\Windows\", @"c:\WINDOWS\x.exe", true)]
    [InlineData(@"C:\Windows\", "C:/windows/x.exe", true)]
    [InlineData("c:/windows", @"C:\Windows\x.exe", true)]
    [InlineData(@"C:\Windows\", @"C:\Temp\..\Windows\x.exe", true)]
    [InlineData(@"C:\Windows\", @"C:\\Windows\\x.exe", true)]
    [InlineData(@"C:\Windows\", @"D:\Windows\x.exe", false)]
    [InlineData(@"?:\Windows", @"D:\Windows\x.exe", true)]
    [InlineData(@"C:\ProgramData", @"C:\programdata\x\y", true)]
    [InlineData(@"C:\ProgramData", @"C:\ProgramDataX\y", false)]
    [InlineData(@"\\server\share\bin", @"\\SERVER\share\bin\x", true)]
    [InlineData(@"\\server\share\bin", @"\\server\share\..\..\bin\x", true)]
    public void On_windows(string pattern, string path, bool covered) => Assert.Equal(covered, Covers(pattern, path, PathRules.Windows));

    [Fact]
    public void On_macos_case_does_not_get_around_it() => Assert.True(Covers("/usr/bin", "/USR/Bin/x", PathRules.MacOs));

    [Theory]
    [InlineData(@"\\?\C:\Windows\x")]
    [InlineData(@"\\.\C:\Windows\x")]
    [InlineData(@"C:Windows\x")]
    [InlineData(@"\Windows\x")]
    [InlineData(@"C:\Windows.\x")]
    [InlineData(@"C:\Windows \x")]
    [InlineData(@"C:\Temp\x:stream")]
    [InlineData(@"C:\Temp\NUL")]
    [InlineData(@"C:\Temp\com1.txt")]
    [InlineData(@"C:\Temp\a*b")]
    [InlineData(@"relative\x")]
    [InlineData("")]
    public void What_windows_would_read_as_something_else_is_no_destination(string path)
    {
        Assert.Null(PathRules.Windows.Clean(path, out string problem));
        Assert.NotEmpty(problem);
    }

    [Theory]
    [InlineData("/a[", "invalid glob pattern /a[: syntax error in pattern")]
    [InlineData("/a[]", "invalid glob pattern /a[]: syntax error in pattern")]
    [InlineData(@"/a\", @"invalid glob pattern /a\: syntax error in pattern")]
    [InlineData("bin", "invalid glob pattern bin: not an absolute path")]
    public void A_malformed_glob_is_told_at_start(string pattern, string text) =>
        Assert.Equal(text, Assert.Throws<FormatException>(() => ProtectedPattern.Parse(pattern, PathRules.Linux)).Message);

    private static bool Covers(string pattern, string path, PathRules rules)
    {
        FilePath? clean = rules.Clean(path, out string problem);
        Assert.True(clean is not null, problem);
        return ProtectedPattern.Parse(pattern, rules).Covers(clean);
    }
}

/// <summary>The rules on a real file system, with links.</summary>
public sealed class ProtectedPathsTests : IAsyncLifetime
{
    private readonly Reception _machine;
    private readonly byte[] _content = Encoding.UTF8.GetBytes("content");
    private readonly string _guarded;

    public ProtectedPathsTests()
    {
        FileReceptionOptions options = new();
        _machine = new Reception { Options = options };
        _guarded = _machine.In("guarded");
        Directory.CreateDirectory(Path.Join(_guarded, "sub"));
        Directory.CreateDirectory(_machine.In("open"));
        options.Protected = [.. options.Protected, _guarded];
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _machine.DisposeAsync();

    [Theory]
    [InlineData("/usr/bin/x", "target path /usr/bin matches protected pattern /usr/bin, therefore the file push request is rejected")]
    [InlineData("/boot/grub/grub.cfg", "target path /boot/grub matches protected pattern /boot, therefore the file push request is rejected")]
    [InlineData("/lib/systemd/system/x", "target path /lib/systemd/system matches protected pattern /lib*, therefore the file push request is rejected")]
    [InlineData("/opt/../dev//shm/x", "target path /dev/shm matches protected pattern /dev, therefore the file push request is rejected")]
    [InlineData("/run", "target path /run matches protected pattern /run, therefore the file push request is rejected")]
    public void Default_places_are_refused_in_rports_words(string destination, string text) => Assert.Equal(text, Refusal(destination));

    [Fact]
    public void What_a_protected_link_points_to_is_protected_under_its_own_name()
    {
        if (File.ResolveLinkTarget("/lib", true)?.FullName != "/usr/lib") { return; } // systems that keep them apart
        Assert.Equal("target path /usr/lib/x matches protected pattern /lib*, therefore the file push request is rejected", Refusal("/usr/lib/x/y"));
    }

    [Fact]
    public void A_link_to_a_protected_folder_does_not_lead_in()
    {
        Link("open/way", _guarded);
        Link("open/relative", "../guarded/sub");
        Link("open/twice", "way");
        Assert.Equal($"target path {_guarded} matches protected pattern {_guarded}, therefore the file push request is rejected", Refusal(_machine.In("open/way/x")));
        Assert.Contains(_guarded, Refusal(_machine.In("open/relative/x")), StringComparison.Ordinal);
        Assert.Contains(_guarded, Refusal(_machine.In("open/twice/new/folders/x")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_destination_that_links_into_a_protected_folder_is_refused_even_when_its_target_does_not_exist()
    {
        File.WriteAllText(Path.Join(_guarded, "there"), "");
        Link("open/existing", Path.Join(_guarded, "there"));
        Link("open/dangling", Path.Join(_guarded, "sub", "new"));
        Assert.Contains("matches protected pattern", Refusal(_machine.In("open/existing")), StringComparison.Ordinal);
        Assert.Contains("matches protected pattern", Refusal(_machine.In("open/dangling")), StringComparison.Ordinal);
    }

    [Fact]
    public void Dots_after_a_link_go_back_in_the_text_and_are_judged_there()
    {
        Link("open/away", "/");
        Assert.Equal("", Refusal(_machine.In("open/away/../x")));
        Assert.Contains("matches protected pattern", Refusal(_machine.In("open/away/../../guarded/x")), StringComparison.Ordinal);
    }

    [Fact]
    public void Links_that_go_round_are_refused()
    {
        Link("open/a", "b");
        Link("open/b", "a");
        Assert.StartsWith("too many symbolic links", Refusal(_machine.In("open/a/x")), StringComparison.Ordinal);
    }

    [Fact]
    public void The_agents_own_data_and_configuration_are_protected_whatever_the_list_says()
    {
        _machine.Options.Protected = [];
        string config = _machine.In("agent.json");
        File.WriteAllText(config, "{}");
        Link("data", _machine.Data);
        _machine.Settings = _machine.Settings with { ConfigFile = config };
        Assert.Contains($"matches protected pattern {_machine.Data},", Refusal(Path.Join(_machine.PushFolder, "x.json")), StringComparison.Ordinal);
        Assert.Contains($"matches protected pattern {_machine.Data},", Refusal(_machine.In("data/x")), StringComparison.Ordinal);
        Assert.Equal($"target path {config} matches protected pattern {config}, therefore the file push request is rejected", Refusal(config));
        Assert.Equal("", Refusal(_machine.In("other.json")));
    }

    [Fact]
    public async Task A_link_swapped_in_while_the_file_is_fetched_does_not_lead_in()
    {
        string folder = Directory.CreateDirectory(_machine.In("open/folder")).FullName;
        MemoryPayload source = new(_content) { HoldAt = 0 };
        FileReceiver receiver = _machine.Start(source);
        Assert.True(receiver.Accept(_machine.Order(_content, "open/folder/x")).Accepted);
        await source.Held.Task.WaitAsync(Reception.Patience);
        Directory.Delete(folder);
        Directory.CreateSymbolicLink(folder, _guarded);
        source.Release.SetResult();
        UploadResult result = await _machine.ReportAsync("push-1");
        Assert.Equal($"target path {_guarded} matches protected pattern {_guarded}, therefore the file push request is rejected", result.Message);
        Assert.Equal(["sub"], Directory.EnumerateFileSystemEntries(_guarded).Select(Path.GetFileName));
        Assert.Empty(_machine.Leftovers());
    }

    [Fact]
    public async Task A_folder_swapped_while_the_file_is_fetched_is_noticed()
    {
        string folder = Directory.CreateDirectory(_machine.In("open/folder")).FullName;
        MemoryPayload source = new(_content) { HoldAt = 0 };
        FileReceiver receiver = _machine.Start(source);
        Assert.True(receiver.Accept(_machine.Order(_content, "open/folder/x")).Accepted);
        await source.Held.Task.WaitAsync(Reception.Patience);
        Directory.Delete(folder);
        Directory.CreateSymbolicLink(folder, _machine.Dest);
        source.Release.SetResult();
        UploadResult result = await _machine.ReportAsync("push-1");
        Assert.Equal($"the folder of {folder}/x changed while the file was on its way", result.Message);
        Assert.False(File.Exists(_machine.In("x")));
    }

    [Fact]
    public async Task A_destination_that_is_a_link_replaces_what_it_points_to_and_stays_a_link()
    {
        File.WriteAllText(_machine.In("real"), "old");
        Link("link", "real");
        UploadResult result = await _machine.PushAsync(_machine.Order(_content, "link") with { ForceWrite = true }, _content);
        Assert.Equal(UploadResult.Success, result.Status);
        Assert.Equal(_machine.In("link"), result.FilePath);
        Assert.Equal("real", new FileInfo(_machine.In("link")).LinkTarget);
        Assert.Equal(_content, File.ReadAllBytes(_machine.In("real")));
        Assert.Null(new FileInfo(_machine.In("real")).LinkTarget);
    }

    private void Link(string name, string target) => File.CreateSymbolicLink(_machine.In(name), target);

    private string Refusal(string destination)
    {
        FileReceiver receiver = _machine.Start(new MemoryPayload(_content) { HoldAt = 0 }, push2: false);
        UploadReply reply = receiver.Accept(_machine.Order(_content) with { DestinationPath = destination });
        receiver.Cancel("push-1");
        return reply.Refusal;
    }
}
