using RPort.Load.Soak;
using RPort.Protocol;

namespace RPort.Load.Tests.Soak;

public sealed class PushCheckTests
{
    private static readonly byte[] Hash = new byte[32];

    private static readonly UploadResult Placed = new() { Id = "p", Status = UploadResult.Success, Message = "copied", FilePath = "/root/a/f", Size = 10, Attempt = 1 };

    [Fact]
    public void What_the_agent_wrote_and_the_server_tells_is_right() => Assert.Empty(Mistakes(PushKind.Waiting, Placed, Told(Placed)));

    [Theory]
    [InlineData("status")]
    [InlineData("message")]
    [InlineData("path")]
    [InlineData("size")]
    public void A_result_that_was_changed_on_its_way_is_found(string field)
    {
        PushTargetView told = field switch
        {
            "status" => Told(Placed) with { Status = UploadResult.Ignored },
            "message" => Told(Placed) with { Message = "copie" },
            "path" => Told(Placed) with { Path = "" },
            _ => Told(Placed) with { Size = 9 },
        };
        Assert.Contains("not what the agent wrote", Assert.Single(Mistakes(PushKind.Waiting, Placed, told)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(nameof(PushKind.Waiting), UploadResult.Success, false)]
    [InlineData(nameof(PushKind.Waiting), UploadResult.Ignored, true)]
    [InlineData(nameof(PushKind.AtOnce), UploadResult.Error, true)]
    [InlineData(nameof(PushKind.Ignored), UploadResult.Ignored, false)]
    [InlineData(nameof(PushKind.Ignored), UploadResult.Success, false)]
    [InlineData(nameof(PushKind.Refused), UploadResult.Success, true)]
    public void An_agent_must_come_to_the_end_that_was_asked_for(string kind, string status, bool mistake)
    {
        UploadResult written = Placed with { Status = status };
        Assert.Equal(mistake, Mistakes(Enum.Parse<PushKind>(kind), written, Told(written)).Count > 0);
    }

    [Theory]
    [InlineData(nameof(PushKind.Waiting), UploadResult.Error, "not connected", true)]
    [InlineData(nameof(PushKind.AtOnce), UploadResult.Error, "not connected", false)]
    [InlineData(nameof(PushKind.AtOnce), UploadResult.Error, "", true)]
    [InlineData(nameof(PushKind.Refused), UploadResult.Error, "protected", false)]
    [InlineData(nameof(PushKind.AtOnce), UploadResult.Success, "copied", true)]
    [InlineData(nameof(PushKind.AtOnce), "canceled", "", true)]
    public void Where_the_agent_wrote_nothing_only_a_named_failure_is_right(string kind, string status, string message, bool mistake) =>
        Assert.Equal(mistake, Mistakes(Enum.Parse<PushKind>(kind), null, new PushTargetView("a", status, message, "", 0)).Count > 0);

    [Fact]
    public void Another_file_and_other_clients_are_found()
    {
        PlannedPush push = Push(PushKind.Waiting);
        Assert.Single(PushCheck.Mistakes(push, View(Told(Placed)) with { Size = 11 }, _ => Placed));
        Assert.Single(PushCheck.Mistakes(push, View(Told(Placed)) with { Sha256 = new string('1', 64) }, _ => Placed));
        Assert.Contains(PushCheck.Mistakes(push, View(Told(Placed), Told(Placed) with { Client = "b" }), _ => Placed), static text => text.Contains("other clients", StringComparison.Ordinal));
        Assert.Single(PushCheck.Mistakes(push, View(), _ => Placed));
    }

    [Fact]
    public void A_push_is_over_when_no_client_is_pending()
    {
        Assert.True(View(Told(Placed)).IsOver);
        Assert.False(View(Told(Placed), Told(Placed) with { Status = PushView.Pending }).IsOver);
    }

    private static List<string> Mistakes(PushKind kind, UploadResult? written, PushTargetView told) =>
        [.. PushCheck.Mistakes(Push(kind), View(told), client => client == "a" ? written : null)];

    private static PlannedPush Push(PushKind kind) => new("p", kind, "/f", 10, Hash, ["a"]);

    private static PushView View(params PushTargetView[] targets) => new(Convert.ToHexStringLower(Hash), 10, targets);

    private static PushTargetView Told(UploadResult result) => new("a", result.Status, result.Message, result.FilePath, result.Size);
}
