// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.core.fixture.RawCalls.refused;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.core.fixture.CoreWorld;
import org.vfio4j.core.fixture.FakeOps;
import org.vfio4j.core.fixture.RawCalls;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioCdev;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.struct.VfioDeviceBindIommufd;

/** VF tokens given to BIND. Spec: core §5.1 steps 7 to 9. */
class BindTokenTest {
    private static final String NODE = "/dev/vfio/devices/vfio0";
    private static final UUID TOKEN = UUID.fromString("01234567-89ab-cdef-0123-456789abcdef");
    private static final int CLOSED = 999;

    private final CoreWorld world = Worlds.start(machine -> machine.device("dev-a", machine.group(1)));
    private final FakeOps ops = world.ops(world.machine.find("dev-a"));
    private final RawCalls calls = world.caller();
    private final List<String> given = new ArrayList<>();

    @AfterEach
    void close() {
        world.close();
        world.assertNothingHeld();
    }

    private void acceptOnly(UUID token) {
        ops.tokenMatch = uuid -> {
            given.add(String.valueOf(uuid));
            if (!token.equals(uuid)) {
                throw new VfioException(Errno.EACCES, "the token is missing or wrong");
            }
        };
    }

    private int bind(int file, int iommufd, byte[] token) {
        var memory = calls.page().asSlice(4096);
        for (int i = 0; i < token.length; i++) {
            memory.set(java.lang.foreign.ValueLayout.JAVA_BYTE, i, token[i]);
        }
        VfioDeviceBindIommufd.tokenUuidPtr(calls.page(), memory.address());
        return calls.bind(file, iommufd, VfioDeviceBindIommufd.SIZEOF, VfioCdev.VFIO_DEVICE_BIND_FLAG_TOKEN);
    }

    private static byte[] bytes(UUID uuid) {
        return java.nio.ByteBuffer.allocate(16)
                .putLong(uuid.getMostSignificantBits())
                .putLong(uuid.getLeastSignificantBits())
                .array();
    }

    @Test
    @Spec("C-057")
    void shouldRefuseATokenForADriverThatKnowsNone() {
        int file = calls.open(NODE);
        int iommufd = calls.iommufd();
        var refusal = refused(Errno.EINVAL, () -> bind(file, iommufd, bytes(TOKEN)));
        assertThat(refusal.rule()).hasValue("§5.1 step 8");
        assertThat(calls.bind(file, iommufd)).isPositive();
    }

    @Test
    @Spec("C-057")
    void shouldReadTheTokenInTheOrderItIsWritten() {
        acceptOnly(TOKEN);
        int file = calls.open(NODE);
        int iommufd = calls.iommufd();
        VfioDeviceBindIommufd.tokenUuidPtr(calls.page(), RawCalls.NOWHERE);
        refused(
                Errno.EFAULT,
                () -> calls.bind(file, iommufd, VfioDeviceBindIommufd.SIZEOF, VfioCdev.VFIO_DEVICE_BIND_FLAG_TOKEN));
        assertThat(given).as("what the driver was asked").isEmpty();
        assertThat(bind(file, iommufd, bytes(TOKEN))).isPositive();
        assertThat(given).containsExactly(TOKEN.toString());
    }

    @Test
    @Spec("C-058")
    void shouldAskTheDriverBeforeItLooksForTheIommufd() {
        acceptOnly(TOKEN);
        int file = calls.open(NODE);
        refused(Errno.EACCES, () -> bind(file, CLOSED, bytes(new UUID(1, 2))));
        refused(Errno.EACCES, () -> calls.bind(file, CLOSED));
        refused(Errno.EBADF, () -> bind(file, CLOSED, bytes(TOKEN)));
        assertThat(given).containsExactly(new UUID(1, 2).toString(), "null", TOKEN.toString());
    }

    @Test
    @Spec("C-063")
    void shouldLetTheGroupOpenAfterEachRefusedBind() {
        acceptOnly(TOKEN);
        int file = calls.open(NODE);
        int iommufd = calls.iommufd();
        refused(Errno.EACCES, () -> bind(file, iommufd, bytes(new UUID(1, 2))));
        calls.close(calls.open("/dev/vfio/1"));
        refused(Errno.EBADFD, () -> bind(file, calls.process().eventfd(0), bytes(TOKEN)));
        calls.close(calls.open("/dev/vfio/1"));
        bind(file, iommufd, bytes(TOKEN));
        refused(Errno.EBUSY, () -> calls.open("/dev/vfio/1"));
        refused(Errno.EINVAL, () -> bind(calls.open(NODE), iommufd, bytes(TOKEN)));
        calls.close(file);
        calls.close(calls.open("/dev/vfio/1"));
    }
}
