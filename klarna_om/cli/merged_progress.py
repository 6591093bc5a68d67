"""The progress of several jobs as one."""

from attrs import define, field, fields

from klarna_om.batch.progress_tracker import OnProgress, ignore_progress
from klarna_om.batch.totals import Pause, Progress, Totals


@define(eq=False)
class MergedProgress:
    """Adds up what the jobs report; the first that is paused says so."""

    show: OnProgress = ignore_progress
    _latest: dict[str, Progress] = field(factory=dict[str, Progress], init=False)

    def of(self, name: str) -> OnProgress:
        """Where the job of this name reports."""

        def update(progress: Progress) -> None:
            self._latest[name] = progress
            self.show(self.merge())

        return update

    def merge(self) -> Progress:
        """All of them."""
        latest = self._latest.values()
        totals = Totals(**{one.name: sum(getattr(each.totals, one.name) for each in latest) for one in fields(Totals)})
        rates = [each.rate for each in latest if each.rate is not None]
        times = [each.eta for each in latest if each.eta is not None]
        return Progress(totals, rate=sum(rates) if rates else None, eta=max(times, default=None), pause=self._pause())

    def _pause(self) -> Pause | None:
        for name, progress in self._latest.items():
            if progress.pause is not None:
                return Pause(f"{name}: {progress.pause.cause}", progress.pause.next_try_in)
        return None
