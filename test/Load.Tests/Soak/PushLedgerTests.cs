using System.Security.Cryptography;
using RPort.Load.Figures;
using RPort.Load.Soak;
using RPort.Protocol;

namespace RPort.Load.Tests.Soak;

public sealed class PushLedgerTests : IDisposable
{
    private static readonly byte[] Content = [1, 2, 3];

    private readonly Violations _violations = new();
    private readonly PushLedger _ledger;
    private readonly string _file = Path.GetTempFileName();

    public PushLedgerTests()
    {
        _ledger = new PushLedger(_violations);
        _ledger.Plan(new PlannedPush("p", PushKind.Waiting, "/f", Content.Length, SHA256.HashData(Content), ["a"]));
        File.WriteAllBytes(_file, Content);
    }

    public void Dispose() => File.Delete(_file);

    [Fact]
    public async Task A_placed_file_with_the_right_content_is_verified_once()
    {
        await _ledger.WriteAsync("a", Result());
        File.Delete(_file);
        await _ledger.WriteAsync("a", Result()); // reported again
        Assert.Equal(0, _violations.Count);
        Assert.Equal(1, _ledger.Verified);
        Assert.Equal(2, _ledger.Reports);
        Assert.Equal(Result(), _ledger.Find("p", "a"));
    }

    [Fact]
    public async Task Other_content_is_found()
    {
        await File.WriteAllBytesAsync(_file, [1, 2, 4]);
        await _ledger.WriteAsync("a", Result());
        Assert.Contains("other content", Assert.Single(_violations.Texts), StringComparison.Ordinal);
        Assert.Equal(0, _ledger.Verified);
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_found()
    {
        File.Delete(_file);
        await _ledger.WriteAsync("a", Result());
        Assert.Single(_violations.Texts);
    }

    [Theory]
    [InlineData("p", "b")]
    [InlineData("q", "a")]
    public async Task A_push_that_was_not_meant_for_the_agent_is_found(string push, string agent)
    {
        await _ledger.WriteAsync(agent, Result() with { Id = push });
        Assert.Single(_violations.Texts);
    }

    [Fact]
    public async Task A_second_result_that_is_another_one_is_found()
    {
        await _ledger.WriteAsync("a", Result());
        await _ledger.WriteAsync("a", Result() with { Message = "again" });
        Assert.Single(_violations.Texts);
    }

    private UploadResult Result() => new() { Id = "p", Status = UploadResult.Success, FilePath = _file, Size = Content.Length, Message = "copied" };
}
