// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.conformance.Program.refused;
import static org.vfio4j.conformance.Program.require;

import org.junit.jupiter.api.Test;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioExtension;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.VfioPci;
import org.vfio4j.uapi.struct.VfioIrqInfo;
import org.vfio4j.uapi.struct.VfioPciHotReset;

/** Virtual functions that appear, work and vanish. Spec: pci §9.8, §18.1 to §18.3. */
class SriovConformanceTest extends SriovTestCase {
    private static final int SRIOV = 0x180;
    private static final int PAGE = 4096;
    private static final long IOVA = 1 << 20;

    @Test
    @Spec("P-230")
    void shouldMakeNoneUnlessTheParameterSaysSo() {
        require("enable_sriov", system.writeFile(PARAMETER, "N"));
        assertThat(read(PARAMETER)).isEqualTo("N\n");
        refused("1", numVfs(PF, "1"), Errno.ENOENT);
        require("0, as it is", numVfs(PF, "0"));
        require("enable_sriov", system.writeFile(PARAMETER, "Y"));
        require("1", numVfs(PF, "1"));
        require("enable_sriov", system.writeFile(PARAMETER, "0"));
        refused("0", numVfs(PF, "0"), Errno.ENOENT);
        assertThat(machine.driver(VF0)).contains(DRIVER);
    }

    @Test
    @Spec("P-231")
    void shouldCheckTheNumber() {
        require("2", numVfs(PF, "2\n"));
        refused("1", numVfs(PF, "1"), Errno.EBUSY);
        require("2 again", numVfs(PF, "0x2"));
        refused("5", numVfs(PF, "5"), Errno.ERANGE);
        refused("99", numVfs(PF, "99"), Errno.ERANGE);
        for (var text : new String[] {"x", "-1", "\n", "1 2", "65536", "08"}) {
            refused("\"" + text + "\"", numVfs(PF, text), Errno.EINVAL);
        }
        assertThat(read(FUNCTIONS + PF + "/sriov_numvfs")).isEqualTo("2\n");
        require("0", numVfs(PF, "0"));
        assertThat(read(FUNCTIONS + PF + "/sriov_numvfs")).isEqualTo("0\n");
        require("1", numVfs(PF, "1"));
    }

    @Test
    void shouldMakeNoneWithoutADriverThatDoes() {
        require("unbind", machine.unbind(PF));
        refused("no driver", numVfs(PF, "1"), Errno.ENOENT);
        require("pci-stub", machine.bind(PF, "pci-stub"));
        refused("pci-stub", numVfs(PF, "1"), Errno.ENOENT);
        assertThat(system.openReadOnly(FUNCTIONS + EDU + "/sriov_numvfs"))
                .as("of a function without SR-IOV")
                .isEqualTo(UapiSystem.refusal(Errno.ENOENT));
    }

    @Test
    @Spec("P-232")
    void shouldGiveNewOnesToItsDriver() {
        require("2", numVfs(PF, "2"));
        for (var function : new String[] {VF0, VF1}) {
            assertThat(read(FUNCTIONS + function + "/driver_override")).isEqualTo(DRIVER + "\n");
            assertThat(link(function, "driver")).isEqualTo(DRIVER);
            assertThat(link(function, "physfn")).isEqualTo(PF);
            assertThat(link(function, "iommu_group")).isNotEqualTo(link(PF, "iommu_group"));
        }
        assertThat(link(VF0, "iommu_group")).isNotEqualTo(link(VF1, "iommu_group"));
        assertThat(link(PF, "virtfn0")).isEqualTo(VF0);
        assertThat(link(PF, "virtfn1")).isEqualTo(VF1);
        assertThat(read(FUNCTIONS + VF0 + "/vendor")).isEqualTo("0x1234\n");
        assertThat(read(FUNCTIONS + VF0 + "/device")).isEqualTo("0x11ea\n");
        assertThat(read(FUNCTIONS + VF0 + "/config"))
                .as("what hardware says of itself")
                .startsWith("\u00ff\u00ff\u00ff\u00ff");
    }

    @Test
    void shouldShowWhatThereCanBe() {
        assertThat(read(FUNCTIONS + CARD + "/sriov_totalvfs")).isEqualTo("4\n");
        assertThat(read(FUNCTIONS + CARD + "/sriov_offset")).isEqualTo("128\n");
        assertThat(read(FUNCTIONS + CARD + "/sriov_stride")).isEqualTo("2\n");
        assertThat(read(FUNCTIONS + CARD + "/sriov_vf_device")).isEqualTo("10ca\n");
        assertThat(read(FUNCTIONS + CARD + "/sriov_vf_total_msix")).isEqualTo("0\n");
        assertThat(read(FUNCTIONS + CARD + "/resource").lines()).hasSize(13);
        require("4", numVfs(CARD, "4"));
        assertThat(link(CARD, "virtfn1")).isEqualTo(CARD_VF1);
        assertThat(link(CARD, "virtfn4")).isEmpty();
    }

    @Test
    void shouldKeepDriversAwayWhenToldTo() {
        require("unbind", machine.unbind(PF));
        require("pci-pf-stub", machine.bind(PF, "pci-pf-stub"));
        require("an id that fits", system.writeFile(DRIVERS + DRIVER + "/new_id", "1234 11ea"));
        assertThat(read(FUNCTIONS + PF + "/sriov_drivers_autoprobe")).isEqualTo("1\n");
        require("1", numVfs(PF, "1"));
        assertThat(machine.driver(VF0)).as("found by its id").contains(DRIVER);
        require("0", numVfs(PF, "0"));
        require("autoprobe", system.writeFile(FUNCTIONS + PF + "/sriov_drivers_autoprobe", "0"));
        refused("nonsense", system.writeFile(FUNCTIONS + PF + "/sriov_drivers_autoprobe", "?"), Errno.EINVAL);
        require("1", numVfs(PF, "1"));
        assertThat(machine.driver(VF0)).as("kept from its driver").isEmpty();
        refused("bind", system.writeFile(DRIVERS + DRIVER + "/bind", VF0), Errno.ENODEV);
        require("override", system.writeFile(FUNCTIONS + VF0 + "/driver_override", DRIVER));
        require("bind by override", system.writeFile(DRIVERS + DRIVER + "/bind", VF0));
    }

    @Test
    void shouldTakeThemAway() {
        require("2", numVfs(PF, "2"));
        var node = nodePath(VF0);
        var group = groupPath(VF0);
        require("0", numVfs(PF, "0"));
        assertGone(VF0);
        assertGone(VF1);
        assertThat(link(PF, "virtfn0")).isEmpty();
        refused("its node", system.open(node), Errno.ENOENT);
        refused("its group", system.open(group), Errno.ENOENT);
        refused("bind", system.writeFile(DRIVERS + DRIVER + "/bind", VF0), Errno.ENODEV);
        require("2 again", numVfs(PF, "2"));
        assertThat(nodePath(VF0)).isEqualTo(node);
        assertThat(groupPath(VF0)).isEqualTo(group);
    }

    @Test
    @Spec("P-127")
    void shouldNotLetUsersChangeTheCapability() {
        long pf = deviceFd(openGroup(PF), PF);
        assertThat(read(pf, CONFIG, SRIOV, 2)).isEqualTo(0x0010);
        write(pf, CONFIG, SRIOV + 8, 2, 0xffff);
        write(pf, CONFIG, SRIOV + 0x10, 2, 1);
        assertThat(read(pf, CONFIG, SRIOV + 8, 2)).as("control").isZero();
        assertThat(read(pf, CONFIG, SRIOV + 0x10, 2)).as("NumVFs").isZero();
        require("2", numVfs(PF, "2"));
        assertThat(read(pf, CONFIG, SRIOV + 8, 2)).as("control").isEqualTo(0x9);
        assertThat(read(pf, CONFIG, SRIOV + 0x0c, 4)).as("TotalVFs, InitialVFs").isEqualTo(0x0004_0004);
        assertThat(read(pf, CONFIG, SRIOV + 0x10, 2)).as("NumVFs").isEqualTo(2);
        assertThat(read(pf, CONFIG, SRIOV + 0x14, 4)).as("stride, offset").isEqualTo(0x0001_0001);
        assertThat(read(pf, CONFIG, SRIOV + 0x1a, 2)).as("VF device id").isEqualTo(0x11ea);
        assertThat(read(pf, CONFIG, SRIOV + 0x24, 4) & 0xf)
                .as("type of VF BAR 0")
                .isEqualTo(0x4);
        write(pf, CONFIG, SRIOV + 8, 2, 0);
        write(pf, CONFIG, SRIOV + 0x24, 4, -1);
        assertThat(read(pf, CONFIG, SRIOV + 8, 2)).as("control").isEqualTo(0x9);
        assertThat(machine.driver(VF0)).contains(DRIVER);
    }

    @Test
    @Spec({"P-086", "P-087", "P-088", "P-160"})
    void shouldLookLikeAFunctionToItsUser() {
        require("2", numVfs(CARD, "2"));
        long pf = deviceFd(openGroup(CARD), withToken(CARD, TOKEN));
        long vf = deviceFd(openGroup(CARD_VF1), withToken(CARD_VF1, TOKEN));
        assertThat(read(vf, CONFIG, 0, 4)).as("ids").isEqualTo(0x10ca_8086);
        assertThat(read(vf, CONFIG, 0x3d, 1)).as("interrupt pin").isZero();
        assertThat(read(vf, CONFIG, 4, 2) & 2).as("MEM after open").isEqualTo(2);
        write(vf, CONFIG, 4, 2, 0);
        assertThat(read(vf, CONFIG, 4, 2) & 2).as("MEM").isZero();
        write(vf, BAR0, 0x100, 4, 0x1234_5678);
        assertThat(read(vf, BAR0, 0x100, 4)).isEqualTo(0x1234_5678);
        assertThat(region(vf, BAR0).size()).isEqualTo(16 << 10);
        write(vf, CONFIG, 0x10, 4, -1);
        assertThat(read(vf, CONFIG, 0x10, 4)).as("size of BAR 0").isEqualTo(0xffff_c004);
        var info = program.argument(VfioIrqInfo.SIZEOF);
        VfioIrqInfo.argsz(info, VfioIrqInfo.SIZEOF);
        VfioIrqInfo.index(info, VfioPci.VFIO_PCI_INTX_IRQ_INDEX);
        require("GET_IRQ_INFO", system.ioctl(vf, VfioIoctl.VFIO_DEVICE_GET_IRQ_INFO, info));
        assertThat(VfioIrqInfo.count(info)).as("INTx").isZero();
        VfioIrqInfo.index(info, VfioPci.VFIO_PCI_MSIX_IRQ_INDEX);
        require("GET_IRQ_INFO", system.ioctl(vf, VfioIoctl.VFIO_DEVICE_GET_IRQ_INFO, info));
        assertThat(VfioIrqInfo.count(info)).as("MSI-X").isEqualTo(3);
        require("RESET of the VF", system.ioctl(vf, VfioIoctl.VFIO_DEVICE_RESET, 0));
        assertThat(read(vf, BAR0, 0x100, 4)).as("register after the reset").isZero();
        require("RESET of the PF", system.ioctl(pf, VfioIoctl.VFIO_DEVICE_RESET, 0));
        assertThat(read(pf, CONFIG, SRIOV + 0x10, 2))
                .as("NumVFs after the PF's reset")
                .isEqualTo(2);
    }

    @Test
    void shouldMoveDataInItsOwnAddressSpace() {
        require("2", numVfs(PF, "2"));
        long pfGroup = openGroup(PF);
        long pf = deviceFd(pfGroup, withToken(PF, TOKEN));
        long container = program.open(Program.CONTAINER);
        long group = program.open(groupPath(VF0));
        require("SET_CONTAINER", program.setContainer(group, container));
        require("SET_IOMMU", program.setIommu(container, VfioExtension.VFIO_TYPE1v2_IOMMU));
        long vf = deviceFd(group, withToken(VF0, TOKEN));
        var memory = system.memory(2 * PAGE);
        require("MAP_DMA", program.mapDma(container, memory, IOVA));
        new EduProgram(program, vf).assertCarries(memory, IOVA);
        new EduProgram(program, pf).assertCannotWrite(memory, IOVA);
        long other = deviceFd(openGroup(VF1), withToken(VF1, TOKEN));
        new EduProgram(program, other).assertCannotWrite(memory, IOVA);
        long event = signalledBy(vf, VfioPci.VFIO_PCI_MSIX_IRQ_INDEX);
        write(vf, BAR0, 0x60, 4, 1);
        assertThat(signals(event)).as("interrupts of the VF").isEqualTo(1);
    }

    @Test
    @Spec("P-018")
    void shouldKeepVirtualFunctionsInSetsOfTheirOwn() {
        require("2", numVfs(PF, "2"));
        long iommufd = program.open(Program.IOMMU);
        require("SET token", tokenFeature(deviceFd(openGroup(PF), PF), 1 << 17, TOKEN, 16));
        long vf = program.open(nodePath(VF0));
        require("BIND", bindWithToken(vf, iommufd, bytes(TOKEN).address()));
        refused("HOT_RESET by the VF", hotReset(vf), Errno.EINVAL);
    }

    @Test
    @Spec("P-207")
    void shouldRefuseHotResetsWithVirtualFunctions() {
        long iommufd = program.open(Program.IOMMU);
        long pf = program.open(nodePath(PF));
        require("BIND", bindWithToken(pf, iommufd, bytes(TOKEN).address()));
        require("without VFs", hotReset(pf));
        require("1", numVfs(PF, "1"));
        long vf = program.open(nodePath(VF0));
        require("BIND", bindWithToken(vf, iommufd, bytes(TOKEN).address()));
        refused("by the PF", hotReset(pf), Errno.EINVAL);
        refused("by the VF", hotReset(vf), Errno.EINVAL);
    }

    private long hotReset(long device) {
        var reset = program.argument(VfioPciHotReset.SIZEOF);
        VfioPciHotReset.argsz(reset, VfioPciHotReset.SIZEOF);
        return system.ioctl(device, VfioIoctl.VFIO_DEVICE_PCI_HOT_RESET, reset);
    }

    @Test
    @Spec("P-102")
    void shouldKeepThePhysicalFunctionAwake() {
        long pf = deviceFd(openGroup(PF), PF);
        int power = 0x50 + 4;
        write(pf, CONFIG, power, 2, 3);
        assertThat(read(pf, CONFIG, power, 2) & 3).as("before").isEqualTo(3);
        require("1", numVfs(PF, "1"));
        assertThat(read(pf, CONFIG, power, 2) & 3).as("with a VF").isZero();
        write(pf, CONFIG, power, 2, 3);
        assertThat(read(pf, CONFIG, power, 2) & 3).as("D3hot refused").isZero();
        require("0", numVfs(PF, "0"));
        write(pf, CONFIG, power, 2, 3);
        assertThat(read(pf, CONFIG, power, 2) & 3).as("without VFs").isEqualTo(3);
    }

    @Test
    @Spec("P-007")
    void shouldRefuseAPhysicalFunctionThatHasThemAlready() {
        require("unbind", machine.unbind(PF));
        require("pci-pf-stub", machine.bind(PF, "pci-pf-stub"));
        require("2", numVfs(PF, "2"));
        require("unbind", machine.unbind(PF));
        refused("bind", machine.bind(PF, DRIVER), Errno.EBUSY);
        require("pci-pf-stub", machine.bind(PF, "pci-pf-stub"));
        require("0", numVfs(PF, "0"));
        require("unbind", machine.unbind(PF));
        require("bind", machine.bind(PF, DRIVER));
    }

    @Test
    void shouldShareAGroupWhereNothingKeepsThemApart() {
        require("2", numVfs(SHARING, "2"));
        assertThat(groupPath("0000:08:00.1")).isEqualTo(groupPath(SHARING));
        long group = openGroup(SHARING);
        long pf = deviceFd(group, withToken(SHARING, TOKEN));
        long vf = deviceFd(group, withToken("0000:08:00.2", TOKEN));
        refused("another opening of the PF", program.getDeviceFd(group, SHARING), Errno.EACCES);
        system.close(vf);
        require("0", numVfs(SHARING, "0"));
        refused("the VF", program.getDeviceFd(group, withToken("0000:08:00.2", TOKEN)), Errno.ENODEV);
        require("GET_INFO of the PF", read(pf, CONFIG, 0, 2));
    }
}
