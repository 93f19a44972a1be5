"""Who examines the files: workers of this machine, or those of a cluster."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor

from msgspec import Struct

from xmreport.examine import open_desk
from xmreport.reading.guard import GuardedPool
from xmreport.rulebook.book import County
from xmreport.rulebook.county import OfficeFile


class Hands(Struct, frozen=True):
    """So many workers of this machine (as many as the office set, unless said), or a cluster's."""

    workers: int | None = None
    cluster: str | None = None
    """dask://host:port"""

    def pool(self, counties: Mapping[str, County], office: OfficeFile) -> Executor:
        """The executor behind which they stand, each with these rules on its desk."""
        if self.cluster:
            from xmreport.cluster import Cluster  # the library behind it is an extra

            return Cluster(self.cluster, counties, office)
        return GuardedPool(
            self.workers or office.workers,
            open_desk,
            (dict(counties),),
            seconds=office.seconds,
            memory_mib=office.memory_mib,
        )


OWN, SINGLE = Hands(), Hands(workers=1)
"""As many as the office set; and one, for one file at a time."""
