using RPort.Grains.Abstractions;
using RPort.Grains.Tests.Kit;
using RPort.Grains.Uploads;
using RPort.Silo.Storage;

namespace RPort.Grains.Tests.Uploads;

/// <summary>The rules of a push, without a host.</summary>
public sealed class UploadStateTests
{
    private static readonly ClientId A = new("a");
    private static readonly ClientId B = new("b");
    private static readonly DateTimeOffset Later = Pushes.Noon.AddMinutes(1);

    [Fact]
    public void The_first_report_of_an_attempt_wins()
    {
        UploadState state = Report(Push(), A, PushStatus.Success);

        (UploadState next, ReportOutcome outcome) = state.Report(A, Result(state, PushStatus.Error), null, Later);

        Assert.Same(state, next);
        Assert.Equal(ReportOutcome.Recorded, outcome);
    }

    [Fact]
    public void Nobody_but_a_target_can_report_and_no_attempt_that_was_never_given()
    {
        UploadState state = Push();

        Assert.Equal(ReportOutcome.UnknownUpload, state.Report(new ClientId("stranger"), Result(state, PushStatus.Success), null, Later).Outcome);
        Assert.Equal(ReportOutcome.UnknownUpload, state.Report(A, Result(state, PushStatus.Success) with { Attempt = 1 }, null, Later).Outcome);
        Assert.Equal(ReportOutcome.UnknownUpload, state.Report(A, Result(state, PushStatus.Pending), null, Later).Outcome);
    }

    [Fact]
    public void It_ends_with_its_last_target_and_gives_the_payload_up_at_once_when_none_failed()
    {
        UploadState state = Report(Report(Push(), A, PushStatus.Success), B, PushStatus.Ignored);

        Assert.Equal(Later, state.FinishedAt);
        Assert.True(state.PayloadReleased);
        Assert.Null(state.NextAlarm(Later));
    }

    [Fact]
    public void It_keeps_the_payload_for_the_retry_window_when_one_failed()
    {
        UploadState state = Report(Report(Push(), A, PushStatus.Success), B, PushStatus.Error);
        DateTimeOffset due = Later + state.Request.RetryWindow;

        Assert.False(state.PayloadReleased);
        Assert.Equal(due, state.NextAlarm(Later));
        Assert.Same(state, state.ReleasePayload(due - TimeSpan.FromTicks(1)));
        Assert.True(state.ReleasePayload(due).PayloadReleased);
        Assert.Equal(RetryOutcome.PayloadGone, Retry(state.ReleasePayload(due), due).Outcome);
    }

    [Fact]
    public void A_retry_reopens_the_failed_targets_under_a_new_attempt_and_leaves_the_others()
    {
        UploadState state = Report(Report(Push(), A, PushStatus.Success), B, PushStatus.Error);

        (UploadState next, RetryOutcome outcome) = Retry(state, Later.AddDays(1));

        Assert.Equal(RetryOutcome.Retried, outcome);
        Assert.Null(next.FinishedAt);
        Assert.Equal((PushStatus.Pending, 1), (next.Find(B)!.Status, next.Find(B)!.Attempt));
        Assert.Equal((PushStatus.Success, 0), (next.Find(A)!.Status, next.Find(A)!.Attempt));
        Assert.Equal(new TargetCounts(1, 1, 0, 0), next.Counts);
        Assert.Equal(1, next.OrderFor(next.Find(B)!).Attempt);
    }

    [Fact]
    public void A_cancelled_target_is_owed_a_withdrawal_and_stays_cancelled_unless_its_file_was_in_place_by_then()
    {
        UploadState state = Report(Push(), A, PushStatus.Success).Cancel(Later);

        Assert.Equal((PushStatus.Success, PushStatus.Canceled), (state.Find(A)!.Status, state.Find(B)!.Status));
        Assert.True(state.OwesWithdrawals);
        Assert.Equal(Later, state.NextAlarm(Later));
        Assert.Equal((state, ReportOutcome.UnknownUpload), state.Report(B, Result(state, PushStatus.Error), null, Later));
        Assert.Same(state, state.Cancel(Later));

        (UploadState late, ReportOutcome outcome) = state.Report(B, Result(state, PushStatus.Success), null, Later);
        Assert.Equal((PushStatus.Success, "said so (taken back too late: canceled)"), (late.Find(B)!.Status, late.Find(B)!.Message));
        Assert.Equal((ReportOutcome.Recorded, new TargetCounts(0, 2, 0, 0), true), (outcome, late.Counts, late.PayloadReleased));
    }

    [Fact]
    public void A_retry_whose_targets_are_all_offline_ends_at_once_and_begins_the_retry_window_anew()
    {
        UploadState state = Report(Report(Push(), A, PushStatus.Success), B, PushStatus.Error);

        (UploadState next, RetryOutcome outcome) = Retry(state, Later.AddDays(1), B);

        Assert.Equal((RetryOutcome.Retried, Later, false), (outcome, next.FinishedAt, next.PayloadReleased));
        Assert.Equal((PushStatus.Error, 1, "client is not connected"), (next.Find(B)!.Status, next.Find(B)!.Attempt, next.Find(B)!.Message));
        Assert.Equal(state.Counts, next.Counts);
    }

    [Fact]
    public void Expiry_says_whether_the_client_was_fetching()
    {
        UploadState state = Push() with { ExpiresAt = Later };

        Assert.Same(state, state.Expire(_ => true, Later - TimeSpan.FromTicks(1)));
        UploadState expired = state.Expire(client => client == A, Later);

        Assert.Equal("not finished before the deadline 2026-03-14 12:01:00 UTC", expired.Find(A)!.Message);
        Assert.Equal("the client could not be reached before the deadline 2026-03-14 12:01:00 UTC", expired.Find(B)!.Message);
    }

    [Fact]
    public void What_an_agent_says_is_cut_to_a_bound()
    {
        UploadState state = Push();
        var report = new PushReport(state.Request.Order.Upload, PushStatus.Error, new string('m', 100_000), new string('p', 100_000), 0, 0);

        TargetState target = state.Report(A, report, null, Later).Next.Find(A)!;

        Assert.Equal((UploadState.MaxMessageLength, UploadState.MaxFilePathLength), (target.Message.Length, target.FilePath.Length));
    }

    [Fact]
    public void A_target_named_twice_is_one_target() => Assert.Equal(2, UploadState.Create(Pushes.To("a", "b", "a"), Pushes.Noon).Targets.Count);

    [Fact]
    public void Every_status_comes_back_from_storage_as_it_was()
    {
        UploadRequest request = Pushes.To("p", "s", "i", "e", "c", "x");
        UploadState state = UploadState.Create(request, Pushes.Noon);
        foreach ((string client, PushStatus status) in new[] { ("s", PushStatus.Success), ("i", PushStatus.Ignored), ("e", PushStatus.Error) })
        {
            state = state.Report(new ClientId(client), Result(state, status) with { Message = $"said {client}" }, Pushes.Noon, Later).Next;
        }

        state = state with { Attempt = 3, OwesWithdrawals = true, ExpiresAt = Later.AddDays(2) };
        foreach ((string client, PushStatus status) in new[] { ("c", PushStatus.Canceled), ("x", PushStatus.Expired) })
        {
            int at = state.Index[new ClientId(client)];
            state = UploadState.Restore(request, Pushes.Noon, state.ExpiresAt, state.Targets.SetItem(at, state.Targets[at] with { Status = status, Attempt = 2, FinishedAt = Later })) with
            {
                Attempt = state.Attempt,
                OwesWithdrawals = true,
            };
        }

        UploadState back = ThroughStorage(state);

        Assert.Equal(state.Targets.ToArray(), back.Targets.ToArray());
        Assert.Equal((state.Counts, state.Attempt, state.ExpiresAt, state.OwesWithdrawals), (back.Counts, back.Attempt, back.ExpiresAt, back.OwesWithdrawals));
    }

    [Fact]
    public void Twenty_thousand_results_are_stored_in_about_a_megabyte()
    {
        UploadState state = UploadState.Create(Pushes.To([.. Enumerable.Range(0, 20_000).Select(n => $"client-{n}")]), Pushes.Noon);
        foreach (TargetState target in state.Targets)
        {
            state = state.Report(target.Client, Result(state, PushStatus.Success) with { Message = "file successfully copied to destination /srv/file" }, Pushes.Noon, Later).Next;
        }

        Assert.InRange(new GrainStateSerializer().Serialize(UploadResultsDocument.From(state)).ToMemory().Length, 1, 1_300_000);
        Assert.Equal(20_000, ThroughStorage(state).Counts.Succeeded);
    }

    private static UploadState ThroughStorage(UploadState state)
    {
        var serializer = new GrainStateSerializer();
        var order = serializer.Deserialize<UploadOrderDocument>(serializer.Serialize(new UploadOrderDocument { Request = state.Request, CreatedAt = state.CreatedAt }))!;
        return serializer.Deserialize<UploadResultsDocument>(serializer.Serialize(UploadResultsDocument.From(state)))!.ToState(order);
    }

    private static UploadState Push() => UploadState.Create(Pushes.To("a", "b"), Pushes.Noon);

    private static PushReport Result(UploadState state, PushStatus status) => new(state.Request.Order.Upload, status, "said so", "/srv/file", 7, 0);

    private static (UploadState Next, RetryOutcome Outcome) Retry(UploadState state, DateTimeOffset expiresAt, params ClientId[] offline) =>
        state.Retry(expiresAt, offline.ToHashSet(), Later);

    private static UploadState Report(UploadState state, ClientId client, PushStatus status) => state.Report(client, Result(state, status), null, Later).Next;
}
