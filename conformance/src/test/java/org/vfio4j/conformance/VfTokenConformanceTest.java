// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.conformance.Program.refused;
import static org.vfio4j.conformance.Program.require;

import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioFeature;

/** Who may open virtual functions, and physical ones that have some. Spec: pci §18.3 to §18.8, core §5.1. */
class VfTokenConformanceTest extends SriovTestCase {
    private static final int GET = VfioFeature.VFIO_DEVICE_FEATURE_GET;
    private static final int SET = VfioFeature.VFIO_DEVICE_FEATURE_SET;
    private static final int PROBE = VfioFeature.VFIO_DEVICE_FEATURE_PROBE;

    @Test
    @Spec("P-233")
    void shouldWantThePhysicalFunctionsTokenForAVirtualOne() {
        require("1", numVfs(PF, "1"));
        long group = openGroup(VF0);
        refused("a token nobody was told", program.getDeviceFd(group, withToken(VF0, TOKEN)), Errno.EACCES);
        long pf = deviceFd(openGroup(PF), PF);
        require("SET", tokenFeature(pf, SET, TOKEN, 16));
        refused("no token", program.getDeviceFd(group, VF0), Errno.EACCES);
        refused("another token", program.getDeviceFd(group, withToken(VF0, WRONG)), Errno.EACCES);
        refused("the token of none", program.getDeviceFd(group, withToken(VF0, new UUID(0, 0))), Errno.EACCES);
        require("the token", program.getDeviceFd(group, withToken(VF0, TOKEN)));
        refused("second opening without it", program.getDeviceFd(group, VF0), Errno.EACCES);
        require(
                "the token in capitals",
                program.getDeviceFd(group, VF0 + " vf_token=" + TOKEN.toString().toUpperCase(java.util.Locale.ROOT)));
    }

    @Test
    @Spec("P-234")
    void shouldTakeNoTokenWhenThePhysicalFunctionIsNotItsOwn() {
        require("unbind", machine.unbind(PF));
        require("pci-pf-stub", machine.bind(PF, "pci-pf-stub"));
        require("1", numVfs(PF, "1"));
        assertThat(machine.driver(VF0)).isEmpty();
        require("override", system.writeFile(FUNCTIONS + VF0 + "/driver_override", DRIVER));
        require("bind", machine.bind(VF0, DRIVER));
        long group = openGroup(VF0);
        refused("with a token", program.getDeviceFd(group, withToken(VF0, TOKEN)), Errno.EINVAL);
        require("without", program.getDeviceFd(group, VF0));
    }

    @Test
    @Spec({"P-235", "P-236"})
    void shouldKeepTheTokenWhileAVirtualFunctionIsOpen() {
        require("1", numVfs(PF, "1"));
        long pfGroup = openGroup(PF);
        long vfGroup = openGroup(VF0);
        require("PF with a token", program.getDeviceFd(pfGroup, withToken(PF, WRONG)));
        require("PF with another", program.getDeviceFd(pfGroup, withToken(PF, TOKEN)));
        refused("VF with the first", program.getDeviceFd(vfGroup, withToken(VF0, WRONG)), Errno.EACCES);
        long vf = require("VF", program.getDeviceFd(vfGroup, withToken(VF0, TOKEN)));
        long second = require("VF again", program.getDeviceFd(vfGroup, withToken(VF0, TOKEN)));
        refused("PF without token", program.getDeviceFd(pfGroup, PF), Errno.EACCES);
        refused("PF with another", program.getDeviceFd(pfGroup, withToken(PF, WRONG)), Errno.EACCES);
        require("PF with the token", program.getDeviceFd(pfGroup, withToken(PF, TOKEN)));
        require("close", system.close(vf));
        refused("PF while the VF is open once", program.getDeviceFd(pfGroup, PF), Errno.EACCES);
        require("close", system.close(second));
        require("PF without token", program.getDeviceFd(pfGroup, PF));
        require("PF with another", program.getDeviceFd(pfGroup, withToken(PF, WRONG)));
        refused("VF with the old one", program.getDeviceFd(vfGroup, withToken(VF0, TOKEN)), Errno.EACCES);
        require("VF", program.getDeviceFd(vfGroup, withToken(VF0, WRONG)));
    }

    @Test
    @Spec({"P-237", "C-041"})
    void shouldReadOptionsStrictly() {
        long group = openGroup(EDU);
        for (var options : new String[] {
            " foo",
            " vf_token=",
            " vf_token=83b8f4f2-509f-382f-3c1e-e6bfe0fa100",
            " vf_token=83b8f4f2-509f-382f-3c1e-e6bfe0fa10012",
            " vf_token=83b8f4f2509f-382f-3c1e-e6bfe0fa1001a",
            " vf_token=83b8f4f2-509f-382f-3c1e-e6bfe0fa100g",
            " vf_token=" + TOKEN,
            " vf_token=" + TOKEN + " vf_token=" + TOKEN,
            " VF_TOKEN=" + TOKEN
        }) {
            refused("\"" + options + "\"", program.getDeviceFd(group, EDU + options), Errno.EINVAL);
        }
        refused("x", program.getDeviceFd(group, EDU + "x"), Errno.ENODEV);
        refused("x and a token", program.getDeviceFd(group, EDU + "x vf_token=" + TOKEN), Errno.ENODEV);
        require("spaces", program.getDeviceFd(group, EDU + "  "));
        long pfGroup = openGroup(PF);
        refused("twice", program.getDeviceFd(pfGroup, withToken(withToken(PF, TOKEN), TOKEN)), Errno.EINVAL);
        require("spaces around", program.getDeviceFd(pfGroup, PF + "   vf_token=" + TOKEN + " "));
    }

    @Test
    @Spec({"P-238", "C-057", "C-058"})
    void shouldWantItThroughTheFunctionsOwnFileToo() {
        require("1", numVfs(PF, "1"));
        long iommufd = program.open(Program.IOMMU);
        long vf = program.open(nodePath(VF0));
        long pf = program.open(nodePath(PF));
        require("PF with a token", bindWithToken(pf, iommufd, bytes(TOKEN).address()));
        refused("VF without", program.bind(vf, iommufd), Errno.EACCES);
        refused("VF with another", bindWithToken(vf, iommufd, bytes(WRONG).address()), Errno.EACCES);
        refused("another, no iommufd", bindWithToken(vf, 999, bytes(WRONG).address()), Errno.EACCES);
        refused("the token, no iommufd", bindWithToken(vf, 999, bytes(TOKEN).address()), Errno.EBADF);
        refused("an address of nothing", bindWithToken(vf, iommufd, 0), Errno.EFAULT);
        require("VF", bindWithToken(vf, iommufd, bytes(TOKEN).address()));
        long edu = program.open(nodePath(EDU));
        refused("neither PF nor VF", bindWithToken(edu, iommufd, bytes(TOKEN).address()), Errno.EINVAL);
        require("close", system.close(pf));
        long again = program.open(nodePath(PF));
        refused("PF without", program.bind(again, iommufd), Errno.EACCES);
        require("PF", bindWithToken(again, iommufd, bytes(TOKEN).address()));
    }

    @Test
    @Spec("P-239")
    void shouldKeepTheTokenAfterThePhysicalFunctionIsClosed() {
        require("1", numVfs(PF, "1"));
        long pfGroup = openGroup(PF);
        long pf = deviceFd(pfGroup, withToken(PF, TOKEN));
        require("close", system.close(pf));
        require("close", system.close(pfGroup));
        long group = openGroup(VF0);
        refused("without", program.getDeviceFd(group, VF0), Errno.EACCES);
        require("with it", program.getDeviceFd(group, withToken(VF0, TOKEN)));
    }

    @Test
    void shouldForgetTheTokenWhenThePhysicalFunctionIsUnbound() {
        long pf = deviceFd(openGroup(PF), withToken(PF, TOKEN));
        require("close", system.close(pf));
        require("unbind", machine.unbind(PF));
        require("bind", machine.bind(PF, DRIVER));
        require("1", numVfs(PF, "1"));
        refused("the old token", program.getDeviceFd(openGroup(VF0), withToken(VF0, TOKEN)), Errno.EACCES);
    }

    @Test
    @Spec({"P-217", "P-218"})
    void shouldLetTheUserOfThePhysicalFunctionChangeIt() {
        long pf = deviceFd(openGroup(PF), PF);
        refused("GET", tokenFeature(pf, GET, TOKEN, 16), Errno.EINVAL);
        refused("15 bytes", tokenFeature(pf, SET, TOKEN, 15), Errno.EINVAL);
        require("PROBE", tokenFeature(pf, SET | PROBE, TOKEN, 0));
        refused("PROBE of GET", tokenFeature(pf, GET | PROBE, TOKEN, 16), Errno.EINVAL);
        assertThat(tokenFeature(pf, SET, TOKEN, 16)).isZero();
        require("1", numVfs(PF, "1"));
        long vf = deviceFd(openGroup(VF0), withToken(VF0, TOKEN));
        assertThat(tokenFeature(pf, SET, WRONG, 16)).as("while the VF is open").isZero();
        assertThat(read(vf, CONFIG, 0, 2)).as("the open VF").isEqualTo(0x1234);
        refused("feature of a VF", tokenFeature(vf, SET, TOKEN, 16), Errno.ENOTTY);
        refused("feature of another", tokenFeature(deviceFd(openGroup(EDU), EDU), SET, TOKEN, 16), Errno.ENOTTY);
        long group = openGroup(CARD);
        require("a card that is a PF without VFs", tokenFeature(deviceFd(group, CARD), SET, TOKEN, 16));
    }
}
