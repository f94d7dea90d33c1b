// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import static org.vfio4j.core.vfio.Interleavings.beside;
import static org.vfio4j.core.vfio.Interleavings.check;
import static org.vfio4j.core.vfio.Interleavings.errnoOf;
import static org.vfio4j.core.vfio.Interleavings.explore;
import static org.vfio4j.core.vfio.Interleavings.shared;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.vfio4j.ProcessOptions;
import org.vfio4j.core.fixture.FakeMachine;
import org.vfio4j.core.fixture.FaultPlan;
import org.vfio4j.core.memory.FrameTable;
import org.vfio4j.core.process.LocalProcess;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.iommu.GroupKind;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** The group's lock decides between the group file and the devices' own files. */
@Tag("model")
class GroupArbitrationModelTest {
    private final Caller caller = new LocalProcess(
            (path, flags) -> {
                throw new VfioException(Errno.ENOENT, path);
            },
            new FrameTable(),
            ProcessOptions.root());

    private static VfioGroup group() {
        return new VfioGroup(GroupKind.IOMMU, new FakeMachine(new FaultPlan()).group(1), 0, 4096);
    }

    @Test
    @Spec("C-147")
    void shouldNotLetAGroupOpenAndABindBothSucceed() {
        explore(2000, () -> {
            var group = shared(group());
            @Nullable GroupFile[] opened = new @Nullable GroupFile[1];
            @Nullable Errno[] outcomes = new @Nullable Errno[2];
            beside(
                    () -> outcomes[0] = errnoOf(() -> opened[0] = group.open(caller)),
                    () -> outcomes[1] = errnoOf(group::blockForCdev));
            check(outcomes[0] == null ^ outcomes[1] == null, "both or none succeeded");
            check(outcomes[0] == Errno.EBUSY || outcomes[1] == Errno.EBUSY, "the loser did not get EBUSY");
            if (opened[0] == null) {
                group.unblockForCdev();
            } else {
                opened[0].close();
            }
            // Both work afterwards.
            group.open(caller).close();
            group.blockForCdev();
            group.unblockForCdev();
        });
    }

    @Test
    void shouldOpenAGroupOnce() {
        explore(2000, () -> {
            var group = shared(group());
            @Nullable Errno[] outcomes = new @Nullable Errno[2];
            beside(
                    () -> outcomes[0] = errnoOf(() -> group.open(caller)),
                    () -> outcomes[1] = errnoOf(() -> group.open(caller)));
            check(outcomes[0] == null ^ outcomes[1] == null, "both or none succeeded");
        });
    }
}
