// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.conformance.Program.refused;
import static org.vfio4j.conformance.Program.require;

import org.junit.jupiter.api.Test;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioIoctl;

/** Who may reset slots and buses. Spec: pci §14.4 to §14.6. */
class HotResetConformanceTest extends HotResetTestCase {
    @Test
    @Spec("P-195")
    void shouldRefuseWhereNothingCanBeReset() {
        var root = openByGroup(EDU);
        refused("no group, before anything else", hotReset(root.device()), Errno.EINVAL);
        refused("on the root bus", hotReset(root.device(), root.group()), Errno.ENODEV);
        var fragile = openByGroup(FRAGILE);
        refused("where it is forbidden", hotReset(fragile.device(), fragile.group()), Errno.ENODEV);
        refused("also for wrong groups", hotReset(fragile.device(), 900, 901, 902), Errno.ENODEV);
    }

    @Test
    @Spec({"P-201", "P-203"})
    void shouldCheckTheHeaderFirst() {
        var twin = openByGroup(TWIN);
        refused("NULL", system.ioctl(twin.device(), VfioIoctl.VFIO_DEVICE_PCI_HOT_RESET, 0), Errno.EFAULT);
        refused("argsz 11", rawHotReset(twin.device(), 11, 0, 1, twin.group()), Errno.EINVAL);
        refused("flags 1", rawHotReset(twin.device(), 16, 1, 1, twin.group()), Errno.EINVAL);
        refused("count 0", rawHotReset(twin.device(), 12, 0, 0), Errno.EINVAL);
        assertThat(rawHotReset(twin.device(), 12, 0, 1, twin.group()))
                .as("argsz is not compared with count")
                .isZero();
    }

    @Test
    @Spec("P-202")
    void shouldTakeNoGroupsForADeviceOpenedThroughItsFile() {
        long device = program.open(nodePath(TWIN));
        refused("count 1 while parked", hotReset(device, 900), Errno.EINVAL);
        bound(device, program.open(Program.IOMMU));
        refused("count 1", hotReset(device, program.open(groupPath(APART))), Errno.EINVAL);
        refused("a count beyond all", rawHotReset(device, 12, 0, -1), Errno.EINVAL);
        assertThat(hotReset(device)).as("count 0").isZero();
    }

    @Test
    @Spec("P-204")
    void shouldCheckTheGroupFiles() {
        var twin = openByGroup(TWIN);
        long other = program.open(groupPath(APART));
        refused(
                "three for two functions",
                hotReset(twin.device(), twin.group(), twin.group(), twin.group()),
                Errno.EINVAL);
        refused("a closed descriptor", hotReset(twin.device(), 900), Errno.EBADF);
        refused("the first wrong one decides", hotReset(twin.device(), 900, twin.container()), Errno.EBADF);
        refused("and that is the container", hotReset(twin.device(), twin.container(), 900), Errno.EINVAL);
        refused("the container", hotReset(twin.device(), twin.container()), Errno.EINVAL);
        refused("the device itself", hotReset(twin.device(), twin.device()), Errno.EINVAL);
        refused("a group that has nothing to do with it", hotReset(twin.device(), other), Errno.EINVAL);
        assertThat(hotReset(twin.device(), twin.group(), other))
                .as("one that has nothing to do with it besides")
                .isZero();
        assertThat(hotReset(twin.device(), twin.group(), twin.group()))
                .as("the same twice")
                .isZero();
    }

    @Test
    @Spec("P-209")
    void shouldAcceptAGroupWithoutContainer() {
        var apart = openByGroup(APART);
        refused("without the other group", hotReset(apart.device(), apart.group()), Errno.EINVAL);
        long other = program.open(groupPath(OTHER_APART));
        assertThat(hotReset(apart.device(), apart.group(), other)).isZero();
        require("close", system.close(other));
        refused("the other group's file is closed", hotReset(apart.device(), apart.group(), other), Errno.EBADF);
    }

    @Test
    @Spec("P-206")
    void shouldRefuseWhatAnotherDriverHas() {
        require("unbind", machine.unbind(THIRD));
        var first = openByGroup(FIRST);
        refused("while one has no driver", hotReset(first.device(), first.group()), Errno.EINVAL);
        require("bind", machine.bind(THIRD, "pci-stub"));
        refused("while one has another driver", hotReset(first.device(), first.group()), Errno.EINVAL);
        require("unbind", machine.unbind(THIRD));
        require("bind", machine.bind(THIRD, "vfio-pci"));
        assertThat(hotReset(first.device(), first.group())).isZero();
    }

    @Test
    void shouldRefuseWhatReachesBelowABridge() {
        var above = openByGroup(ABOVE_A_BRIDGE);
        var below = openByGroup(BELOW_A_BRIDGE);
        refused("from above", hotReset(above.device(), above.group(), below.group()), Errno.EINVAL);
        assertThat(hotReset(below.device(), below.group())).as("from below").isZero();
    }
}
