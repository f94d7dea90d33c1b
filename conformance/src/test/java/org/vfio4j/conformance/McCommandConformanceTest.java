// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.conformance.Program.refused;
import static org.vfio4j.conformance.Program.require;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vfio4j.ProcessOptions;
import org.vfio4j.VfioOptions;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.FslMcIoctl;
import org.vfio4j.uapi.VfioIoctl;

/**
 * The node of the root container, and the objects that its user makes, plugs and destroys while the machine runs. Spec:
 * fsl-mc §2, §3, §10.
 */
@SuppressWarnings("NullAway.Init") // Set before each test.
class McCommandConformanceTest extends UapiTestCase {
    private static final String NODE = "/dev/dprc.1";
    private static final String BUS = "/sys/bus/fsl-mc/";
    private static final String DEVICES = BUS + "devices/";
    private static final ProcessOptions ORDINARY = ProcessOptions.user(1000, 1 << 26);

    private static final int CONTAINER_ID = 0x8301;
    private static final int OPEN_CONTAINER = 0x8051;
    private static final int CLOSE = 0x8001;
    private static final int OBJECT_COUNT = 0x1591;
    private static final int RESET = 0x0051;
    private static final int ASSIGN = 0x1571;
    private static final int CREATE_DPNI = 0x9011;
    private static final int DESTROY_DPNI = 0x9811;
    private static final long PLUGGED = 0x8000_0000L << 32;

    @TempDir
    Path folder;

    @Override
    VfioOptions options() {
        var description = folder.resolve("complex.json");
        try {
            Files.writeString(description, """
                    {"name": "complex",
                     "iommus": [{"name": "iommu0", "kind": "paging"}],
                     "fslMc": {
                       "iommu": "iommu0",
                       "nativeDrivers": ["fsl_mc_allocator"],
                       "objects": [
                         {"type": "dpmcp", "id": 10, "driver": "fsl_mc_allocator"},
                         {"type": "dpmcp", "id": 11, "driver": "fsl_mc_allocator"},
                         {"type": "dpmcp", "id": 12}],
                       "containers": [
                         {"id": 2, "driver": "vfio-fsl-mc", "objects": [
                           {"type": "dpni", "id": 1}, {"type": "dpio", "id": 1}]},
                         {"id": 5, "iommu": "none", "objects": [{"type": "dpni", "id": 5}]},
                         {"id": 6, "driver": "fsl_mc_dprc", "objects": [{"type": "dpni", "id": 6}]}]}}
                    """);
        } catch (IOException e) {
            throw new AssertionError("the machine could not be described", e);
        }
        return super.options().withMachine(description);
    }

    private MemorySegment words;

    @BeforeEach
    void allocate() {
        words = system.memory(4096);
    }

    private long send(long file, int command, long token, long... parameters) {
        words.fill((byte) 0);
        words.set(ValueLayout.JAVA_LONG, 0, (long) command << 48 | token << 32 | 1L << 16);
        for (int i = 0; i < parameters.length; i++) {
            words.set(ValueLayout.JAVA_LONG, (i + 1) * 8L, parameters[i]);
        }
        return system.ioctl(file, FslMcIoctl.FSL_MC_SEND_MC_COMMAND, words);
    }

    private long word(int index) {
        return words.get(ValueLayout.JAVA_LONG, index * 8L);
    }

    private long openContainer(long file, int id) {
        require("open of dprc." + id, send(file, OPEN_CONTAINER, 0, id));
        return word(0) >>> 32 & 0xffff;
    }

    private void rescan() {
        require("rescan", system.writeFile(BUS + "rescan", "1\n"));
    }

    private boolean onBus(String object) {
        return system.list(BUS + "devices").lines().anyMatch(object::equals);
    }

    private boolean taken(String object) {
        return system.list(BUS + "drivers/vfio-fsl-mc").lines().anyMatch(object::equals);
    }

    /** Name of a type in a parameter. */
    private static long name(String type) {
        long word = 0;
        for (int i = 0; i < type.length(); i++) {
            word |= (long) type.charAt(i) << 8 * i;
        }
        return word;
    }

    /** Plugs or unplugs an object of dprc.2. */
    private void plug(long file, long token, String type, long id, boolean plugged) {
        require("assign", send(file, ASSIGN, token, plugged ? 2 | PLUGGED : 2, id << 32, name(type)));
    }

    @Test
    void shouldAnswerCommandsWithTheObjectsOfTheRoot() {
        long file = program.open(NODE);
        require("container id", send(file, CONTAINER_ID, 0));
        assertThat(word(1)).as("number of the root container").isEqualTo(1);
        assertThat(word(0) >>> 16 & 0xff).as("status").isZero();
        long token = openContainer(file, 1);
        require("object count", send(file, OBJECT_COUNT, token));
        assertThat(word(1) >>> 32).as("three dpmcp and three containers").isEqualTo(6);
        require("close", send(file, CLOSE, token));
        refused("a token that is none any more", send(file, OBJECT_COUNT, token), Errno.EACCES);
        refused("no such container", send(file, OPEN_CONTAINER, 0, 99), Errno.ENXIO);
        refused("another call", system.ioctl(file, VfioIoctl.VFIO_GET_API_VERSION, 0), Errno.EINVAL);
        system.protect(words, UapiSystem.NO_ACCESS);
        refused("a bad pointer", system.ioctl(file, FslMcIoctl.FSL_MC_SEND_MC_COMMAND, words), Errno.EFAULT);
    }

    @Test
    @Spec("F-069")
    void shouldTakeOnlyCommandsThatUsersMaySend() {
        long file = program.open(NODE);
        long token = openContainer(file, 1);
        refused("a command that is not accepted", send(file, RESET, token, 2), Errno.EACCES);
        refused("garbage behind the header", send(file, CONTAINER_ID, 0, 1), Errno.EACCES);
        refused("garbage at the end", send(file, OBJECT_COUNT, token, 0, 0, 0, 0, 0, 0, 1L << 63), Errno.EACCES);
        refused("a token too many", send(file, CONTAINER_ID, token), Errno.EACCES);
        refused("no token", send(file, OBJECT_COUNT, 0), Errno.EACCES);
        refused("type 0", send(file, 0xa001, 0), Errno.EACCES);
        refused("type 0x11", send(file, 0x8111, 0, 1), Errno.EACCES);
        system.become(ORDINARY);
        refused("creation without CAP_NET_ADMIN", send(file, CREATE_DPNI, token), Errno.EPERM);
        refused("destruction without it", send(file, DESTROY_DPNI, token, 1), Errno.EPERM);
        refused("assignment without it", send(file, ASSIGN, token, 2, 0, name("dpni")), Errno.EPERM);
        require("a question without it", send(file, OBJECT_COUNT, token));
        assertThat(word(1) >>> 32).as("nothing was made").isEqualTo(6);
        system.become(ProcessOptions.root());
        require("creation with it", send(file, CREATE_DPNI, token));
    }

    @Test
    @Spec("F-070")
    void shouldGiveEachOpenerAPortalWhileThereAreSome() {
        long first = program.open(NODE);
        long second = program.open(NODE);
        long third = program.open(NODE);
        refused("one more than portals", system.open(NODE), Errno.ENXIO);
        long token = openContainer(first, 2);
        refused("a token of another portal", send(second, OBJECT_COUNT, token + 17), Errno.EACCES);
        require("close of one with a dpmcp", system.close(third));
        require("open", system.open(NODE));
        require("close of the one with the root's portal", system.close(first));
        long again = program.open(NODE);
        refused("one more than portals", system.open(NODE), Errno.ENXIO);
        openContainer(again, 2);
    }

    @Test
    @Spec("F-015")
    void shouldTakeWhatIsMadeInAContainerOfVfio() {
        long file = program.open(NODE);
        long token = openContainer(file, 2);
        require("creation", send(file, CREATE_DPNI, token));
        String made = "dpni." + word(1);
        assertThat(onBus(made)).as("%s before the rescan", made).isFalse();
        rescan();
        assertThat(taken(made)).as("%s after the rescan", made).isTrue();
        assertThat(machine.driver(made)).contains("vfio-fsl-mc");
        long group = program.open(groupPath(made));
        long container = program.open(Program.CONTAINER);
        require("SET_CONTAINER", program.setContainer(group, container));
        require("SET_IOMMU", program.setIommu(container, 3));
        long device = require("GET_DEVICE_FD", program.getDeviceFd(group, made));
        require("close", system.close(device));
        require("destruction", send(file, DESTROY_DPNI, token, word(1)));
        rescan();
        assertThat(onBus(made)).as("%s after its destruction", made).isFalse();
    }

    @Test
    @Spec("F-016")
    void shouldLetGoOfWhatIsUnplugged() {
        long file = program.open(NODE);
        long token = openContainer(file, 2);
        plug(file, token, "dpni", 1, false);
        assertThat(taken("dpni.1")).as("dpni.1 before the rescan").isTrue();
        rescan();
        assertThat(taken("dpni.1")).as("dpni.1 unplugged").isFalse();
        assertThat(onBus("dpni.1")).as("dpni.1 is still there").isTrue();
        assertThat(taken("dpio.1")).as("dpio.1 was left alone").isTrue();
        plug(file, token, "dpni", 1, true);
        rescan();
        assertThat(taken("dpni.1")).as("dpni.1 plugged again").isTrue();
    }

    @Test
    @Spec("F-066")
    void shouldTakeChildrenOffTheBusWithTheirContainer() {
        require("unbind", system.writeFile(DEVICES + "dprc.2/driver/unbind", "dprc.2"));
        assertThat(onBus("dprc.2")).isTrue();
        assertThat(onBus("dpni.1")).isFalse();
        assertThat(onBus("dpio.1")).isFalse();
        rescan();
        assertThat(onBus("dpni.1")).as("nobody has its container").isFalse();
        require("override", system.writeFile(DEVICES + "dprc.2/driver_override", "vfio-fsl-mc"));
        require("bind", system.writeFile(BUS + "drivers/vfio-fsl-mc/bind", "dprc.2"));
        assertThat(taken("dpni.1")).isTrue();
    }

    @Test
    @Spec("F-010")
    void shouldNotTakeAContainerThatItsNativeDriverHas() {
        assertThat(onBus("dpni.6")).as("its native driver looked inside").isTrue();
        require("override", system.writeFile(DEVICES + "dprc.6/driver_override", "vfio-fsl-mc"));
        refused("bind", system.writeFile(BUS + "drivers/vfio-fsl-mc/bind", "dprc.6"), Errno.EBUSY);
        require("unbind", system.writeFile(DEVICES + "dprc.6/driver/unbind", "dprc.6"));
        assertThat(onBus("dpni.6")).isFalse();
        require("bind", system.writeFile(BUS + "drivers/vfio-fsl-mc/bind", "dprc.6"));
        assertThat(taken("dpni.6")).isTrue();
    }

    @Test
    @Spec("F-011")
    void shouldNotTakeAContainerWithoutIommuGroup() {
        require("override", system.writeFile(DEVICES + "dprc.5/driver_override", "vfio-fsl-mc"));
        refused("bind", system.writeFile(BUS + "drivers/vfio-fsl-mc/bind", "dprc.5"), Errno.EINVAL);
        assertThat(taken("dprc.5")).isFalse();
        assertThat(onBus("dpni.5")).as("nobody looked inside").isFalse();
        require("no override", system.writeFile(DEVICES + "dprc.5/driver_override", "\n"));
        require("its native driver", system.writeFile(BUS + "drivers/fsl_mc_dprc/bind", "dprc.5"));
        assertThat(onBus("dpni.5")).isTrue();
    }

    @Test
    void shouldTakeNumbersOnlyToRescan() {
        refused("no number", system.writeFile(BUS + "rescan", "yes"), Errno.EINVAL);
        refused("no number", system.writeFile(BUS + "autorescan", "yes"), Errno.EINVAL);
        refused("reading rescan", system.openReadOnly(BUS + "rescan"), Errno.EACCES);
        require("0", system.writeFile(BUS + "rescan", "0"));
    }

    @Test
    void shouldShowTheNodeAsAMiscDevice() {
        assertThat(system.list("/sys/class/misc").lines()).contains("dprc.1");
        assertThat(system.readLink("/sys/class/misc/dprc.1")).isEqualTo("../../devices/virtual/misc/dprc.1");
    }
}
