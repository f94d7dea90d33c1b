// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.fslmc;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vfio4j.host.embedded.fslmc.McStatus;
import org.vfio4j.host.embedded.fslmc.McVersions;
import org.vfio4j.spi.device.DeviceInfo;
import org.vfio4j.spi.device.IrqInfo;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.struct.UapiLayouts;

@Timeout(value = 30, unit = TimeUnit.SECONDS)
class VfioFslMcDriverTest extends McDriverTestCase {
    private static final int READ_WRITE_MMAP = 7;

    @Spec("F-002")
    @Test
    void shouldBringTheChildrenOfAContainerWithIt() {
        core.bind(object("dprc.2"));
        assertThat(core.registered().keySet().stream().map(BusDevice::name))
                .containsExactlyInAnyOrder(
                        "dprc.2", "dpio.1", "dpni.1", "dpbp.1", "dpmcp.1", "dpni.2", "dpni.3", "dprc.3", "dpio.2");
    }

    /** Others need them. Spec: fsl-mc §2.4. */
    @Test
    void shouldBindAllocatableObjectsFirst() {
        core.bind(object("dprc.2"));
        assertThat(core.allocated().stream().map(device -> device.busDevice().name()))
                .startsWith("dprc.2", "dpbp.1", "dpmcp.1");
    }

    @Spec({"F-004", "F-005", "F-006"})
    @Test
    void shouldShareASetAmongAContainerAndItsChildren() {
        core.bind(object("dprc.2"));
        assertThat(device("dprc.2").deviceSet().key()).isSameAs(object("dprc.2"));
        assertThat(device("dpni.1").deviceSet().key()).isSameAs(object("dprc.2"));
        assertThat(device("dprc.3").deviceSet().key()).isSameAs(object("dprc.3"));
        assertThat(device("dpio.2").deviceSet().key()).isSameAs(object("dprc.3"));
    }

    @Spec("F-007")
    @Test
    void shouldRefuseOldFirmware() {
        bus.close();
        bus = bus(new McVersions(5, 9));
        assertRefused(Errno.ENOTSUPP, () -> core.bind(object("dprc.2")));
        assertThat(core.registered()).isEmpty();
        assertThatNothingIsOpen();
    }

    /** The host can open the container again only if the driver closed it. */
    private void assertThatNothingIsOpen() {
        new HostCommands(object("dprc.2")).open("dprc", 2);
    }

    @Spec("F-012")
    @Test
    void shouldLeaveNothingBehindWhenObjectsCannotBeCounted() {
        bus.answer(0x1591, McStatus.NO_MEMORY);
        assertRefused(Errno.ENOMEM, () -> core.bind(object("dprc.2")));
        assertThat(core.registered()).isEmpty();
        assertThatNothingIsOpen();
    }

    @Test
    void shouldCloseTheContainerWhenRegistrationFails() {
        core.failure = new VfioException(Errno.EINVAL, "no group");
        assertRefused(Errno.EINVAL, () -> core.bind(object("dprc.2")));
        assertThat(core.registered()).isEmpty();
        assertThatNothingIsOpen();
    }

    @Spec({"F-019", "F-020"})
    @Test
    void shouldSayWhatObjectsAre() {
        core.bind(object("dprc.2"));
        assertThat(ops("dprc.2").info()).isEqualTo(new DeviceInfo((1 << 6) | 1, 1, 1, 16));
        assertThat(ops("dpni.1").info()).isEqualTo(new DeviceInfo(1 << 6, 0, 1, 16));
    }

    @Spec({"F-022", "F-023", "F-024", "F-025"})
    @Test
    void shouldDescribeRegions() {
        core.bind(object("dprc.2"));
        assertRefused(Errno.EINVAL, () -> ops("dpni.1").regionInfo(0));
        var second = ops("dpio.1").regionInfo(1);
        assertThat(second.offset()).isEqualTo(1L << 40);
        assertThat(second.flags()).isEqualTo(READ_WRITE_MMAP);
        assertThat(ops("dprc.2").regionInfo(0).flags()).isEqualTo(3);
        assertThat(ops("dpmcp.1").regionInfo(0).size()).isEqualTo(64 << 10);
        assertThat(ops("dpmcp.1").regionInfo(0).flags()).isEqualTo(READ_WRITE_MMAP);
    }

    @Spec({"F-026", "F-043"})
    @Test
    void shouldWorkWithFirmwareOfVersion60() {
        bus.close();
        bus = bus(new McVersions(6, 0));
        core.bind(object("dprc.2"));
        assertThat(ops("dpmcp.1").regionInfo(0).size()).isEqualTo(64);
        assertThat(ops("dpmcp.1").regionInfo(0).flags()).isEqualTo(3);
        bus.answer(0x0052, McStatus.BUSY);
        ops("dprc.2").reset();
        bus.answer(0x0051, McStatus.BUSY);
        assertRefused(Errno.EBUSY, () -> ops("dprc.2").reset());
    }

    @Spec({"F-027", "F-028"})
    @Test
    void shouldDescribeInterrupts() {
        core.bind(object("dprc.2"));
        assertRefused(Errno.EINVAL, () -> ops("dpbp.1").irqInfo(0));
        assertThat(ops("dpni.1").irqInfo(0)).isEqualTo(new IrqInfo(0, 1, 1));
    }

    @Spec({"F-030", "F-031"})
    @Test
    void shouldPassCommandsOfTheUserOn() {
        core.bind(object("dprc.2"));
        var ops = ops("dprc.2");
        assertThat(ops.write(at(0, 0), command(0x8301, 0, 0))).isEqualTo(64);
        var answer = MemorySegment.ofArray(new byte[64]);
        assertThat(ops.read(at(0, 0), answer)).isEqualTo(64);
        assertThat(answer.get(UapiLayouts.U8, 2)).as("status").isZero();
        assertThat(answer.get(UapiLayouts.U32, 8)).as("number of the container").isEqualTo(2);

        assertThat(ops.write(at(0, 0), command(0x1591, 0x1234, 0))).isEqualTo(64);
        ops.read(at(0, 0), answer);
        assertThat(answer.get(UapiLayouts.U8, 2)).isEqualTo((byte) McStatus.AUTH_ERR.code());
    }

    @Spec("F-032")
    @Test
    void shouldGiveUpAfterFiveSeconds() {
        core.bind(object("dprc.2"));
        bus.ignore(0x8301, true);
        long start = core.clock.nanos();
        assertRefused(Errno.ETIMEDOUT, () -> ops("dprc.2").write(at(0, 0), command(0x8301, 0, 0)));
        assertThat(Duration.ofNanos(core.clock.nanos() - start))
                .isBetween(Duration.ofSeconds(5), Duration.ofMillis(5001));
    }

    @Spec({"F-033", "F-034", "F-036"})
    @Test
    void shouldTakeWholeCommandsOnly() {
        core.bind(object("dprc.2"));
        var ops = ops("dprc.2");
        for (int size : new int[] {0, 32, 128}) {
            assertRefused(Errno.EINVAL, () -> ops.read(at(0, 0), MemorySegment.ofArray(new byte[size])));
            assertRefused(Errno.EINVAL, () -> ops.write(at(0, 0), MemorySegment.ofArray(new byte[size])));
        }
        var command = command(0x8301, 0, 0);
        assertRefused(Errno.EINVAL, () -> ops.read(at(0, 8), command));
        assertRefused(Errno.EINVAL, () -> ops.write(at(0, 8), command));
        assertRefused(Errno.EINVAL, () -> ops.read(at(5, 0), command));
        assertRefused(Errno.EINVAL, () -> ops("dpni.1").read(at(0, 0), command));
    }

    @Spec({"F-037", "F-038", "F-039", "F-040", "F-041", "F-047"})
    @Test
    void shouldMapPortals() {
        core.bind(object("dprc.2"));
        var ops = ops("dpio.1");
        var cacheable = (PortalMapping) ops.mmap(at(0, 0), 4096, 3, true);
        assertThat(cacheable.cached()).as("cacheable alone is not enough").isFalse();
        assertThat(((PortalMapping) ops.mmap(at(1, 0), 4096, 3, true)).cached()).isFalse();
        assertThat(((PortalMapping) ops.mmap(at(2, 0), 64 << 10, 3, true)).cached())
                .isTrue();
        cacheable.segment().set(UapiLayouts.U64, 512, 77);
        assertThat(object("dpio.1").readRegion(0, 512)).isEqualTo(77);
        assertThat(ops.mmap(at(0, 0), 4096, 1, true).segment().isReadOnly()).isTrue();
        ops.reset();
        cacheable.segment().set(UapiLayouts.U64, 512, 78);
        assertThat(object("dpio.1").readRegion(0, 512))
                .as("valid after the reset")
                .isEqualTo(78);

        assertRefused(Errno.EINVAL, () -> ops("dprc.2").mmap(at(0, 0), 4096, 3, true));
        assertRefused(Errno.EINVAL, () -> ops.mmap(at(0, 0), 4096, 3, false));
        assertRefused(Errno.EINVAL, () -> ops.mmap(at(0, 4096), 64 << 10, 3, true));
        assertRefused(Errno.EINVAL, () -> ops.mmap(at(9, 0), 4096, 3, true));
        assertRefused(Errno.EINVAL, () -> ops.mmap(at(0, 64), 4096, 3, true));
    }

    @Spec({"F-044", "F-045", "F-046"})
    @Test
    void shouldResetObjectsThroughTheirContainer() {
        core.bind(object("dprc.2"));
        var ops = ops("dpio.1");
        object("dpio.1").writeRegion(0, 512, 77);
        List<Integer> commands = new ArrayList<>();
        bus.tap(commands::add);
        ops.reset();
        assertThat(commands).as("open, reset, close").containsExactly(0x8031, 0x0051, 0x8001);
        assertThat(object("dpio.1").readRegion(0, 512)).isZero();
        bus.answer(0x0051, McStatus.BUSY);
        assertRefused(Errno.EBUSY, ops::reset);
        bus.answer(0x0051, McStatus.UNSUPPORTED_OP);
        assertRefused(Errno.ENOTSUPP, ops::reset);
        bus.answer(0x0051, McStatus.OK);
        // It can be opened again only if it was closed after each failure.
        ops.reset();
    }

    @Spec("F-042")
    @Test
    void shouldResetAContainerWithoutWhatIsNested() {
        core.bind(object("dprc.2"));
        object("dpio.1").writeRegion(1, 512, 77);
        object("dpio.2").writeRegion(1, 512, 78);
        bus.answer(0x0051, McStatus.BUSY);
        ops("dprc.2").reset();
        assertThat(object("dpio.1").readRegion(1, 512)).isZero();
        assertThat(object("dpio.2").readRegion(1, 512)).isEqualTo(78);
    }

    @Spec("F-065")
    @Test
    void shouldWaitForUsersOfChildrenWhenAContainerGoes() throws Exception {
        core.bind(object("dprc.2"));
        var child = device("dpni.1");
        child.open();
        var removal = CompletableFuture.runAsync(() -> core.unbind(object("dprc.2")));
        child.unregistering().await();
        assertThat(removal).isNotDone();
        child.close();
        removal.get();
        assertThat(Stream.of("dprc.2", "dpni.1", "dprc.3", "dpio.2").map(this::object))
                .noneMatch(core.registered()::containsKey);
        assertThatNothingIsOpen();
    }
}
