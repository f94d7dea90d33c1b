// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.core.fixture.RawCalls.refused;

import java.lang.foreign.Arena;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.core.fixture.CoreWorld;
import org.vfio4j.core.fixture.FakeOps;
import org.vfio4j.core.fixture.RawCalls;
import org.vfio4j.spi.memory.Protection;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;

/** What a driver must be and do before the core lets it pin. Spec: mdev §7.1, §7.5, §7.6; core §9.3. */
class PinRulesTest {
    private static final String NAME = "dev-a";
    private static final int TYPE = 3;
    private static final int READ_WRITE = Protection.READ | Protection.WRITE;

    private final CoreWorld world = Worlds.start(machine -> machine.device(NAME, machine.group(1)));
    private final FakeOps ops = world.ops(world.machine.find(NAME));
    private final RawCalls caller = world.caller();

    @AfterEach
    void close() {
        world.close();
        world.assertNothingHeld();
    }

    private void pin(int pages) {
        ops.vfioDevice().pinPages(0, pages, READ_WRITE, (phys, length) -> {});
    }

    private int open() {
        return caller.deviceFd(caller.groupWithContainer("/dev/vfio/1", TYPE), NAME);
    }

    @Test
    @Spec("M-036")
    void shouldNotPinForADriverThatCannotBeAskedToLetGo() {
        int without = open();
        refused(Errno.EINVAL, () -> pin(1));
        assertThat(world.backend.pins).hasValue(0);
        caller.close(without);
    }

    @Test
    @Spec("M-039")
    void shouldPinAtMost512PagesAtOnceInAContainer() {
        ops.dmaUnmap = (iova, length) -> {};
        open();
        refused(Errno.E2BIG, () -> pin(513));
        assertThat(world.backend.pins).hasValue(0);
        pin(512);
        assertThat(world.backend.pins).hasValue(512);
        ops.vfioDevice().unpinPages(0, 512);
        refused(Errno.EINVAL, () -> pin(0));
    }

    @Test
    @Spec("M-050")
    void shouldNeitherPinNorCopyForADeviceThatIsNotOpen() {
        ops.dmaUnmap = (iova, length) -> {};
        try (var arena = Arena.ofConfined()) {
            var buffer = arena.allocate(8);
            for (int round = 0; round < 2; round++) {
                refused(Errno.EINVAL, () -> pin(1));
                refused(Errno.EINVAL, () -> ops.vfioDevice().dmaRw(0, buffer, true));
                refused(Errno.EINVAL, () -> ops.vfioDevice().dmaRw(0, buffer, false));
                int group = caller.groupWithContainer("/dev/vfio/1", TYPE);
                int device = caller.deviceFd(group, NAME);
                pin(1);
                ops.vfioDevice().unpinPages(0, 1);
                caller.close(device);
                caller.close(group);
            }
        }
    }
}
