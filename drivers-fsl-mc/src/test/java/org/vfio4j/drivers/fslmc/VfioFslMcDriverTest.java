// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.fslmc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vfio4j.core.process.EventCounter;
import org.vfio4j.host.embedded.fslmc.McBus;
import org.vfio4j.host.embedded.fslmc.McIsolation;
import org.vfio4j.host.embedded.fslmc.McStatus;
import org.vfio4j.host.embedded.fslmc.McVersions;
import org.vfio4j.host.embedded.machine.McSpec;
import org.vfio4j.host.embedded.machine.McSpec.ContainerSpec;
import org.vfio4j.host.embedded.machine.McSpec.ObjectSpec;
import org.vfio4j.host.embedded.machine.Placement;
import org.vfio4j.host.embedded.machine.SourcePosition;
import org.vfio4j.spi.call.EventFile;
import org.vfio4j.spi.device.DeviceInfo;
import org.vfio4j.spi.device.IrqInfo;
import org.vfio4j.spi.device.IrqSet;
import org.vfio4j.spi.fslmc.McObject;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.testing.Spec;
import org.vfio4j.testing.fixture.SimulatedVfioDevice;
import org.vfio4j.testing.fixture.SimulatedVfioDevice.Kind;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioIrq;
import org.vfio4j.uapi.struct.UapiLayouts;

@Timeout(value = 30, unit = TimeUnit.SECONDS)
class VfioFslMcDriverTest {
    private static final int TRIGGER = VfioIrq.VFIO_IRQ_SET_ACTION_TRIGGER;
    private static final int READ_WRITE_MMAP = 7;

    private final FakeCore core = new FakeCore();
    private McBus bus = bus(McVersions.CURRENT);

    private McBus bus(McVersions versions) {
        var placement = new Placement(new SourcePosition("test", 1, 1), Optional.empty(), OptionalInt.empty());
        var spec = new McSpec(
                List.of("fsl_mc_dpio"),
                List.of(
                        new ContainerSpec(
                                2,
                                1,
                                placement,
                                Optional.empty(),
                                List.of(
                                        object("dpio", 1, 1),
                                        object("dpni", 1, 1),
                                        object("dpbp", 1, 0),
                                        object("dpmcp", 1, 4),
                                        object("dpni", 2, 200),
                                        object("dpni", 3, 100))),
                        new ContainerSpec(3, 2, placement, Optional.empty(), List.of(object("dpio", 2, 1)))));
        return new McBus(spec, container -> McIsolation.NONE, core.memory(), Runnable::run, versions);
    }

    private static ObjectSpec object(String type, int id, int irqs) {
        return new ObjectSpec(type, id, irqs, Optional.empty());
    }

    @AfterEach
    void powerOff() {
        bus.close();
    }

    private McObject object(String name) {
        return (McObject) bus.devices().stream()
                .filter(device -> device.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private SimulatedVfioDevice device(String name) {
        var device = core.registered().get(object(name));
        if (device == null) {
            throw new AssertionError(name + " is not registered");
        }
        assertThat(device.kind()).as("an fsl-mc object is a physical device").isEqualTo(Kind.PHYSICAL);
        return device;
    }

    private McDeviceOps ops(String name) {
        return (McDeviceOps) device(name).ops();
    }

    private static void assertRefused(Errno errno, Runnable action) {
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(action::run)
                .satisfies(e -> assertThat(e.errno()).isEqualTo(errno));
    }

    private static long at(int region, long offset) {
        return ((long) region << 40) + offset;
    }

    private static MemorySegment command(int id, int token, long parameter) {
        var words = MemorySegment.ofArray(new byte[64]);
        words.set(UapiLayouts.U64, 0, ((long) id << 48) | ((long) token << 32) | (1L << 16));
        words.set(UapiLayouts.U64, 8, parameter);
        return words;
    }

    private static IrqSet.Events events(int descriptor, @Nullable EventFile event) {
        return new IrqSet.Events(List.of(new IrqSet.Slot() {
            @Override
            public int descriptor() {
                return descriptor;
            }

            @Override
            public @Nullable EventFile event() {
                if (descriptor >= 0 && event == null) {
                    throw new VfioException(Errno.EBADF, "not open");
                }
                return event;
            }
        }));
    }

    private static void set(McDeviceOps ops, IrqSet.Data data) {
        ops.setIrqs(new IrqSet(0, TRIGGER, 0, 1, data));
    }

    @Spec("F-002")
    @Test
    void shouldBringTheChildrenOfAContainerWithIt() {
        core.bind(object("dprc.2"));
        assertThat(core.registered().keySet().stream().map(BusDevice::name))
                .containsExactlyInAnyOrder(
                        "dprc.2", "dpio.1", "dpni.1", "dpbp.1", "dpmcp.1", "dpni.2", "dpni.3", "dprc.3", "dpio.2");
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
        assertThat(ops("dprc.2").info()).isEqualTo(new DeviceInfo((1 << 6) | 1, 1, 1));
        assertThat(ops("dpni.1").info()).isEqualTo(new DeviceInfo(1 << 6, 0, 1));
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
        assertRefused(Errno.ETIMEDOUT, () -> ops("dprc.2").write(at(0, 0), command(0x8301, 0, 0)));
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
        ops.reset();
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

    @Spec("F-048")
    @Test
    void shouldSignalTheEventOfAnInterrupt() {
        core.bind(object("dprc.2"));
        var event = new EventCounter();
        set(ops("dpni.1"), events(3, event));
        bus.raise("dpni.1", 0);
        assertThat(event.take()).isEqualTo(1);
        var own = new EventCounter();
        set(ops("dprc.2"), events(3, own));
        bus.raise("dprc.2", 0);
        assertThat(own.take()).isEqualTo(1);
        assertThat(event.take()).isZero();
    }

    @Spec({"F-049", "F-050", "F-051"})
    @Test
    void shouldOnlyTriggerOneVector() {
        core.bind(object("dprc.2"));
        var ops = ops("dpmcp.1");
        ops.setIrqs(new IrqSet(0, TRIGGER, 0, 0, new IrqSet.None()));
        assertThat(bus.freeVectors("dpmcp.1")).as("nothing was taken for it").isEqualTo(256);
        for (int action : new int[] {VfioIrq.VFIO_IRQ_SET_ACTION_MASK, VfioIrq.VFIO_IRQ_SET_ACTION_UNMASK}) {
            assertRefused(Errno.EINVAL, () -> ops.setIrqs(new IrqSet(0, action, 0, 1, new IrqSet.None())));
        }
        assertThat(ops.irqLimit(0)).isEqualTo(4);
        assertRefused(Errno.EINVAL, () -> ops.setIrqs(new IrqSet(0, TRIGGER, 0, 2, new IrqSet.None())));
        assertRefused(Errno.EINVAL, () -> ops.setIrqs(new IrqSet(0, TRIGGER, 1, 1, new IrqSet.None())));
    }

    @Spec({"F-053", "F-054"})
    @Test
    void shouldLoseTheEventWhenTheNextIsNone() {
        core.bind(object("dprc.2"));
        var ops = ops("dpni.1");
        set(ops, events(-1, null));
        var event = new EventCounter();
        set(ops, events(3, event));
        assertRefused(Errno.EBADF, () -> set(ops, events(4, null)));
        bus.raise("dpni.1", 0);
        assertThat(event.take()).isZero();
    }

    @Spec({"F-055", "F-056"})
    @Test
    void shouldSignalBySoftware() {
        core.bind(object("dprc.2"));
        var ops = ops("dpni.1");
        set(ops, new IrqSet.None());
        var event = new EventCounter();
        set(ops, events(3, event));
        set(ops, new IrqSet.None());
        assertThat(event.take()).isEqualTo(1);
        set(ops, new IrqSet.Bools(List.of(true)));
        assertThat(event.take()).isEqualTo(1);
        set(ops, new IrqSet.Bools(List.of(false)));
        assertThat(event.take()).isZero();
    }

    @Spec({"F-057", "F-059"})
    @Test
    void shouldShareTheContainersVectors() {
        core.bind(object("dprc.2"));
        set(ops("dpni.2"), events(3, new EventCounter()));
        assertThat(bus.freeVectors("dpni.1")).isEqualTo(56);
        assertRefused(Errno.ENOSPC, () -> set(ops("dpni.3"), events(3, new EventCounter())));
        ops("dpni.2").closeDevice();
        assertThat(bus.freeVectors("dpni.1")).isEqualTo(256);
        set(ops("dpni.3"), events(3, new EventCounter()));
    }

    @Spec({"F-058", "F-061", "F-062"})
    @Test
    void shouldResetAndDisconnectAtTheLastClose() {
        core.bind(object("dprc.2"));
        var ops = ops("dpio.1");
        var event = new EventCounter();
        set(ops, events(3, event));
        object("dpio.1").writeRegion(1, 512, 77);
        ops.closeDevice();
        assertThat(object("dpio.1").readRegion(1, 512)).as("the close resets").isZero();
        bus.raise("dpio.1", 0);
        assertThat(event.take()).isZero();
        assertThat(bus.freeVectors("dpio.1")).isEqualTo(256);

        set(ops, events(3, event));
        bus.answer(0x0051, McStatus.BUSY);
        ops.closeDevice();
        assertThat(bus.freeVectors("dpio.1"))
                .as("a reset that fails stops nothing")
                .isEqualTo(256);
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
