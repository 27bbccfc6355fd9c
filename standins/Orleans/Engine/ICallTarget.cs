namespace Orleans.Engine;

/// <summary>Something that takes calls: an activation or an observer.</summary>
internal interface ICallTarget
{
    /// <summary>Takes the call, or says false when this target is gone and another must be found.</summary>
    bool TryReceive(GrainCall call);

    /// <summary>A call that this target began has ended.</summary>
    void Finish(GrainCall call, Task finished);

    /// <summary>Runs something as a turn of this target.</summary>
    void Post(Action action);

    /// <summary>Answers the calls whose time is over (or all, without a time), and says whether calls are left to watch.</summary>
    bool Expire(uint? now);
}
