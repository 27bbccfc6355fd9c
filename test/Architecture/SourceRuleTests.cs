using System.Text.RegularExpressions;

namespace RPort.Architecture;

/// <summary>Rules of CONTRIBUTING.md that a machine can check.</summary>
public sealed partial class SourceRuleTests
{
    private static IEnumerable<(string Path, string Text)> Product => Repository.ProductFolders.SelectMany(Repository.Sources);

    [Fact]
    public void Log_event_ids_are_unique_and_in_the_block_of_their_project()
    {
        Dictionary<string, int> blocks = new() { ["Ssh"] = 1000, ["Grains"] = 2000, ["Silo"] = 3000, ["Gateway"] = 4000, ["Agent"] = 5000 };
        Dictionary<int, string> seen = [];
        foreach ((string path, string text) in Product)
        {
            foreach (Match match in LogEventId().Matches(text))
            {
                int id = int.Parse(match.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);
                string project = path.Split(Path.DirectorySeparatorChar)[0];
                Assert.True(blocks.TryGetValue(project, out int block) && id >= block && id < block + 1000, $"{path}: event id {id} is outside the block of {project}.");
                Assert.True(seen.TryAdd(id, path), $"Event id {id} is used in {path} and in {seen.GetValueOrDefault(id)}.");
            }
        }

        Assert.NotEmpty(seen);
    }

    [Fact]
    public void Nothing_blocks_on_asynchronous_work() => AssertAbsent(
        BlockingCall(), "waits for a task by blocking its thread");

    [Fact]
    public void No_method_is_async_void() => AssertAbsent(AsyncVoid(), "is async void: nobody could await it or see it fail");

    [Fact]
    public void Time_comes_from_a_TimeProvider() => AssertAbsent(SystemClock(), "reads the system clock instead of a TimeProvider");

    [Fact]
    public void Grains_stay_on_their_scheduler()
    {
        foreach ((string path, string text) in Repository.Sources("Grains"))
        {
            Assert.False(text.Contains("ConfigureAwait(false)", StringComparison.Ordinal), $"{path} leaves the grain's scheduler with ConfigureAwait(false).");
            Assert.False(text.Contains("Task.Run(", StringComparison.Ordinal), $"{path} leaves the grain's scheduler with Task.Run.");
        }
    }

    [Fact]
    public void Every_file_has_a_name_that_says_what_is_in_it()
    {
        foreach ((string path, _) in Product)
        {
            string name = Path.GetFileNameWithoutExtension(path);
            Assert.False(DrawerName().IsMatch(name), $"{path}: the name says nothing of what the type is.");
        }
    }

    [Fact]
    public void No_unfinished_marks_are_left()
    {
        foreach ((string path, string text) in Product)
        {
            Assert.False(UnfinishedMark().IsMatch(text), $"{path} holds an unfinished mark: {UnfinishedMark().Match(text).Value}");
        }
    }

    private static void AssertAbsent(Regex pattern, string complaint)
    {
        foreach ((string path, string text) in Product)
        {
            int number = 0;
            foreach (string line in text.Split('\n'))
            {
                number++;
                string code = line.TrimStart();
                Assert.False(!code.StartsWith("//", StringComparison.Ordinal) && pattern.IsMatch(code), $"{path}:{number} {complaint}: {code}");
            }
        }
    }

    [GeneratedRegex(@"\[LoggerMessage\(\s*(?:EventId\s*=\s*)?(\d+)")]
    private static partial Regex LogEventId();

    [GeneratedRegex(@"\.GetAwaiter\(\)\.GetResult\(\)|\.Wait\(\)|Async\([^)]*\)\.Result\b")]
    private static partial Regex BlockingCall();

    [GeneratedRegex(@"\basync void\b")]
    private static partial Regex AsyncVoid();

    [GeneratedRegex(@"\bDateTime(Offset)?\.(UtcNow|Now)\b")]
    private static partial Regex SystemClock();

    [GeneratedRegex(@"(Helpers?|Utils?|Utilities|Manager|Misc|Common|Impl)$")]
    private static partial Regex DrawerName();

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|XXX)\b|NotImplementedException")]
    private static partial Regex UnfinishedMark();
}
