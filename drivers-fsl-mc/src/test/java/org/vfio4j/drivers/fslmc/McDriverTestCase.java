// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.fslmc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.vfio4j.host.embedded.fslmc.McBus;
import org.vfio4j.host.embedded.fslmc.McIsolation;
import org.vfio4j.host.embedded.fslmc.McVersions;
import org.vfio4j.host.embedded.machine.McSpec;
import org.vfio4j.host.embedded.machine.McSpec.ContainerSpec;
import org.vfio4j.host.embedded.machine.McSpec.ObjectSpec;
import org.vfio4j.host.embedded.machine.Placement;
import org.vfio4j.host.embedded.machine.SourcePosition;
import org.vfio4j.spi.call.EventFile;
import org.vfio4j.spi.device.IrqSet;
import org.vfio4j.spi.fslmc.McObject;
import org.vfio4j.testing.fixture.SimulatedVfioDevice;
import org.vfio4j.testing.fixture.SimulatedVfioDevice.Kind;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioIrq;
import org.vfio4j.uapi.struct.UapiLayouts;

/** A machine with two containers, a core, and what every test of the driver asks of them. */
abstract class McDriverTestCase {
    static final int TRIGGER = VfioIrq.VFIO_IRQ_SET_ACTION_TRIGGER;

    final FakeCore core = new FakeCore();
    McBus bus = bus(McVersions.CURRENT);

    McBus bus(McVersions versions) {
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
        var made = new McBus(spec, container -> McIsolation.NONE, core.memory(), Runnable::run, versions);
        core.driver.attachBus(made);
        return made;
    }

    static ObjectSpec object(String type, int id, int irqs) {
        return new ObjectSpec(type, id, irqs, Optional.empty());
    }

    @AfterEach
    void powerOff() {
        bus.close();
    }

    McObject object(String name) {
        return bus.object(name);
    }

    SimulatedVfioDevice device(String name) {
        var device = core.registered().get(object(name));
        if (device == null) {
            throw new AssertionError(name + " is not registered");
        }
        assertThat(device.kind()).as("an fsl-mc object is a physical device").isEqualTo(Kind.PHYSICAL);
        return device;
    }

    McDeviceOps ops(String name) {
        return (McDeviceOps) device(name).ops();
    }

    static void assertRefused(Errno errno, Runnable action) {
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(action::run)
                .satisfies(e -> assertThat(e.errno()).isEqualTo(errno));
    }

    static long at(int region, long offset) {
        return ((long) region << 40) + offset;
    }

    static MemorySegment command(int id, int token, long parameter) {
        var words = MemorySegment.ofArray(new byte[64]);
        words.set(UapiLayouts.U64, 0, ((long) id << 48) | ((long) token << 32) | (1L << 16));
        words.set(UapiLayouts.U64, 8, parameter);
        return words;
    }

    static IrqSet.Events events(int descriptor, @Nullable EventFile event) {
        return slot(descriptor, () -> event);
    }

    /** A descriptor that is not open, or is no eventfd. */
    static IrqSet.Events noEvent(Errno refusal) {
        return slot(4, () -> {
            throw new VfioException(refusal, "the test's descriptor is no event");
        });
    }

    private static IrqSet.Events slot(int descriptor, Supplier<@Nullable EventFile> event) {
        return new IrqSet.Events(List.of(new IrqSet.Slot() {
            @Override
            public int descriptor() {
                return descriptor;
            }

            @Override
            public @Nullable EventFile event() {
                return event.get();
            }
        }));
    }

    static void set(McDeviceOps ops, IrqSet.Data data) {
        ops.setIrqs(new IrqSet(0, TRIGGER, 0, 1, data));
    }
}
