// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.path;

import java.time.Clock;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.vfio4j.runner.process.Credentials;
import org.vfio4j.spi.call.VirtualTree;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Modes, owners and times that programs gave to nodes of the machine, from then on to the end of the run: also when the node went
 * and came again, as if the rules of a device manager set them each time. Until then a node belongs to whoever asks. What is kept
 * here is shown, not enforced. Numbers are those of this process' user namespace. Thread-safe.
 */
public final class NodeChanges {
    private static final int ROOT = 0;

    private record Kept(NodeChange change, long changed) {}

    private final Map<String, Kept> byPath = new ConcurrentHashMap<>();
    private final Clock clock = Clock.systemUTC();

    /** What {@code stat} tells of a node now. */
    public FileStatus status(VirtualTree.Node node, String path, Credentials asker) {
        var status = FileStatus.of(node, path, asker);
        Kept kept = byPath.get(path);
        return kept == null ? status : status.with(kept.change, kept.changed);
    }

    /**
     * Changes something (kernel: {@code setattr_prepare}).
     *
     * @throws VfioException EPERM: only root and the owner may, and only root may give a node away
     */
    public void change(String path, Credentials asker, NodeChange change) {
        if (change.isNothing()) {
            return;
        }
        long now = now();
        byPath.compute(path, (same, before) -> {
            NodeChange earlier = before == null ? NodeChange.NONE : before.change;
            require(path, earlier, asker, change);
            return new Kept(change.after(earlier), now);
        });
    }

    private static void require(String path, NodeChange earlier, Credentials asker, NodeChange change) {
        if (asker.uid() == ROOT) {
            return;
        }
        int owner = earlier.uid() == NodeChange.SAME ? asker.uid() : earlier.uid();
        if (owner != asker.uid()) {
            throw new VfioException(Errno.EPERM, path + " belongs to user " + owner + ", not to " + asker.uid());
        }
        if (change.uid() != NodeChange.SAME && change.uid() != owner) {
            throw new VfioException(Errno.EPERM, "only root may give " + path + " to user " + change.uid());
        }
        if (change.gid() != NodeChange.SAME && change.gid() != asker.gid() && change.gid() != earlier.gid()) {
            throw new VfioException(
                    Errno.EPERM, "user " + asker.uid() + " may not give " + path + " to group " + change.gid());
        }
    }

    /** The time of now, in nanoseconds since 1970. */
    public long now() {
        Instant now = clock.instant();
        return TimeUnit.SECONDS.toNanos(now.getEpochSecond()) + now.getNano();
    }
}
