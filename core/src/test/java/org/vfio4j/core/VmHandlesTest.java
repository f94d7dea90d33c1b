// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.core.fixture.RawCalls.refused;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vfio4j.VmHandles;
import org.vfio4j.core.fixture.CoreWorld;
import org.vfio4j.core.fixture.FakeOps;
import org.vfio4j.core.fixture.RawCalls;
import org.vfio4j.spi.call.UapiFile;
import org.vfio4j.spi.device.VirtualMachine;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;

/** Files as handles for a virtual machine monitor. Spec: core EXT-1 to EXT-3, Q-2. */
@Timeout(60)
class VmHandlesTest {
    private static final String GROUP = "/dev/vfio/1";
    private static final String NODE = "/dev/vfio/devices/vfio0";

    private final CoreWorld world = Worlds.start(machine -> {
        var group = machine.group(1);
        machine.device("dev-a", group);
        machine.device("dev-b", group);
        machine.device("dev-c", machine.group(2));
    });
    private final RawCalls calls = world.caller();
    private final VmHandles handles = world.vfio().vmHandles();
    private final FakeOps ops = world.ops(world.machine.find("dev-a"));
    private final List<Optional<VirtualMachine>> seenInside = new ArrayList<>();

    /** A machine that counts its references. */
    private static final class Machine implements VirtualMachine {
        private int references;
        private boolean dying;

        @Override
        public boolean tryGet() {
            if (dying) {
                return false;
            }
            references++;
            return true;
        }

        @Override
        public void put() {
            references--;
        }
    }

    VmHandlesTest() {
        ops.insideOpenOrClose = () -> seenInside.add(ops.vfioDevice().machine());
    }

    @AfterEach
    void close() {
        world.close();
        world.assertNothingHeld();
    }

    private UapiFile file(int fd) {
        try (var reference = calls.process().files().get(fd)) {
            return reference.file();
        }
    }

    @Test
    @Spec("C-140")
    void shouldShowTheMachineFromTheFirstOpenToTheLastClose() {
        var machine = new Machine();
        var later = new Machine();
        int group = calls.groupWithContainer(GROUP, 3);
        handles.setMachine(file(group), machine);
        assertThat(ops.vfioDevice().machine()).isEmpty();
        assertThat(machine.references).as("references by setting it").isZero();
        int one = calls.deviceFd(group, "dev-a");
        handles.setMachine(file(group), later);
        int two = calls.deviceFd(group, "dev-a");
        assertThat(ops.vfioDevice().machine()).containsSame(machine);
        assertThat(machine.references).isEqualTo(1);
        assertThat(later.references).isZero();
        calls.close(one);
        assertThat(ops.vfioDevice().machine()).containsSame(machine);
        calls.close(two);
        assertThat(ops.vfioDevice().machine()).isEmpty();
        assertThat(machine.references).isZero();
        assertThat(seenInside)
                .as("seen by openDevice and closeDevice")
                .containsExactly(Optional.of(machine), Optional.of(machine));
        calls.close(calls.deviceFd(group, "dev-a"));
        assertThat(seenInside.getLast()).as("the machine set meanwhile").containsSame(later);
    }

    @Test
    @Spec("C-140")
    void shouldDoWithoutAMachineThatIsGoingAway() {
        var machine = new Machine();
        machine.dying = true;
        int group = calls.groupWithContainer(GROUP, 3);
        handles.setMachine(file(group), machine);
        calls.deviceFd(group, "dev-a");
        assertThat(ops.vfioDevice().machine()).isEmpty();
    }

    @Test
    void shouldGiveTheMachineBackWhenTheDeviceDoesNotOpen() {
        var machine = new Machine();
        int file = calls.open(NODE);
        handles.setMachine(file(file), machine);
        world.faults.failAt(4);
        refused(Errno.EIO, () -> calls.bind(file, calls.iommufd()));
        assertThat(world.faults.steps()).endsWith("openDevice");
        world.faults.clear();
        assertThat(machine.references).isZero();
        assertThat(ops.vfioDevice().machine()).isEmpty();
    }

    @Test
    @Spec("C-141")
    void shouldKeepTheFirstFilesMachineWhenASecondBindFails() {
        var machine = new Machine();
        var other = new Machine();
        int one = calls.open(NODE);
        int two = calls.open(NODE);
        int iommufd = calls.iommufd();
        handles.setMachine(file(one), machine);
        handles.setMachine(file(two), other);
        calls.bind(one, iommufd);
        refused(Errno.EINVAL, () -> calls.bind(two, iommufd));
        assertThat(ops.vfioDevice().machine()).containsSame(machine);
        assertThat(machine.references).isEqualTo(1);
        assertThat(other.references).isZero();
        calls.close(one);
        calls.bind(two, iommufd);
        assertThat(ops.vfioDevice().machine()).containsSame(other);
    }

    @Test
    @Spec("C-142")
    void shouldEnforceCoherencyIfAllDevicesOfAGroupCan() {
        int group = calls.open(GROUP);
        int node = calls.open(NODE);
        world.machine.find("dev-a").enforceable = true;
        assertThat(handles.enforcesCoherency(file(group))).isFalse();
        assertThat(handles.enforcesCoherency(file(node))).isTrue();
        int sibling = calls.open("/dev/vfio/devices/vfio1");
        assertThat(handles.enforcesCoherency(file(sibling))).isFalse();
        calls.close(sibling);
        world.machine.find("dev-b").enforceable = true;
        assertThat(handles.enforcesCoherency(file(group))).isTrue();
        world.machine.find("dev-b").enforceable = false;
        world.vfio().unbind("dev-b");
        assertThat(handles.enforcesCoherency(file(group))).isTrue();
        int empty = calls.open("/dev/vfio/2");
        assertThat(handles.enforcesCoherency(file(empty))).isFalse();
        world.vfio().unbind("dev-c");
        assertThat(handles.enforcesCoherency(file(empty)))
                .as("a group without devices")
                .isTrue();
        assertThat(handles.enforcesCoherency(file(calls.container()))).isTrue();
    }

    @Test
    void shouldTellFilesApart() {
        int group = calls.open(GROUP);
        int node = calls.open(NODE);
        int container = calls.container();
        assertThat(handles.isGroup(file(group))).isTrue();
        assertThat(handles.isGroup(file(node))).isFalse();
        assertThat(handles.isValid(file(node))).isTrue();
        assertThat(handles.isValid(file(container))).isFalse();
        var foreign = world.ops(world.machine.find("dev-c")).vfioDevice();
        assertThat(handles.hasDevice(file(group), ops.vfioDevice())).isTrue();
        assertThat(handles.hasDevice(file(group), foreign)).isFalse();
        assertThat(handles.hasDevice(file(node), ops.vfioDevice())).isFalse();
    }
}
