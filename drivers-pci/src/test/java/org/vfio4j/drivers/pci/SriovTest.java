// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.core.memory.FrameTable;
import org.vfio4j.host.embedded.EmbeddedHostProvider;
import org.vfio4j.spi.host.Bus;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.Host;
import org.vfio4j.spi.host.HostEnvironment;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.spi.pci.SriovControl;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioFeature;

/** The driver's part in virtual functions, on physical functions of the embedded machine. */
@SuppressWarnings("NullAway.Init")
class SriovTest {
    private static final String PF = "0000:06:00.0";
    private static final String VF0 = "0000:06:00.1";
    private static final int POWER_CONTROL = 0x54;
    private static final UUID TOKEN = UUID.fromString("83b8f4f2-509f-382f-3c1e-e6bfe0fa1001");
    private static final UUID OTHER = UUID.fromString("00000000-0000-0000-0000-000000000000");

    private final PhysicalMemory memory = new FrameTable();
    private final Host host = new EmbeddedHostProvider().start(new HostEnvironment() {
        @Override
        public PhysicalMemory memory() {
            return memory;
        }

        @Override
        public Optional<Path> machine() {
            return Optional.of(Path.of("../machines/sriov.json"));
        }
    });

    private final FakeVfio vfio = new FakeVfio();
    private final VfioPciDriver driver = new VfioPciDriver(vfio);
    private PciFunction physical;
    private FakeVfio.FakeDevice device;

    @BeforeEach
    void probe() {
        vfio.options.put("enable_sriov", "Y");
        driver.attachBus(host.buses().getFirst());
        physical = function(PF);
        device = probe(physical);
    }

    @AfterEach
    void powerOff() {
        driver.remove(physical);
        driver.close();
        host.close();
        assertThat(vfio.live).as("devices that were never put back").isZero();
    }

    private PciFunction function(String name) {
        return host.buses().getFirst().devices().stream()
                .filter(found -> found.name().equals(name))
                .map(PciFunction.class::cast)
                .findFirst()
                .orElseThrow();
    }

    private SriovControl sriov() {
        return requireNonNull(physical.sriov());
    }

    private FakeVfio.FakeDevice probe(PciFunction function) {
        driver.probe(function);
        return vfio.registered.getLast();
    }

    @Test
    @Spec("P-232")
    void shouldKeepOtherDriversFromTheVirtualFunctionsOfItsOwn() {
        driver.configureVirtualFunctions(physical, 2);
        assertThat(vfio.overridden).extracting(BusDevice::name).containsExactly(VF0, "0000:06:00.2");
        requireNonNull(function("0000:07:00.0").sriov()).enable(1);
        assertThat(vfio.overridden)
                .as("with one of a function it does not have")
                .hasSize(2);
    }

    @Test
    @Spec("P-230")
    void shouldMakeNoneUnlessAllowed() {
        vfio.options.put("enable_sriov", "N");
        User.refused(Errno.ENOENT, () -> driver.configureVirtualFunctions(physical, 1));
        assertThat(sriov().numVfs()).isZero();
        vfio.options.put("enable_sriov", "Y");
        driver.configureVirtualFunctions(physical, 1);
        User.refused(Errno.EINVAL, () -> driver.configureVirtualFunctions(physical, 2));
        vfio.options.put("enable_sriov", "N");
        User.refused(Errno.ENOENT, () -> driver.configureVirtualFunctions(physical, 0));
        driver.remove(physical);
        assertThat(sriov().numVfs())
                .as("after the physical function was given back")
                .isZero();
    }

    @Test
    void shouldUndoEverythingWhenTheyCannotBeEnabled() throws Exception {
        var failing = host.buses().getFirst().listen(new Bus.Listener() {
            @Override
            public void added(BusDevice added) {
                throw new VfioException(Errno.ENOMEM, "the test lets it fail");
            }

            @Override
            public void removing(BusDevice removing) {}
        });
        User.refused(Errno.ENOMEM, () -> driver.configureVirtualFunctions(physical, 2));
        assertThat(sriov().numVfs()).isZero();
        failing.close();
        driver.configureVirtualFunctions(physical, 2);
        assertThat(sriov().numVfs()).isEqualTo(2);
        driver.configureVirtualFunctions(physical, 0);
        var event = new FakeEvent();
        assertWakes(new User(device.open()), event, 1);
        device.close();
    }

    /** Has the function given to low power with an event, and woken up by a read. */
    private void assertWakes(User user, FakeEvent event, int signals) {
        var call = new IoEventCall(user);
        call.struct.set(org.vfio4j.uapi.struct.UapiLayouts.S32, 0, call.file(event));
        int entry = VfioFeature.VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP | VfioFeature.VFIO_DEVICE_FEATURE_SET;
        var power = user.device.power();
        power.get();
        assertThat(user.device.feature(call, entry, 0, 8)).isZero();
        power.put();
        user.read(0, 0, 4);
        assertThat(event.take()).isEqualTo(signals);
    }

    @Test
    @Spec("P-102")
    void shouldKeepThePhysicalFunctionAwake() {
        var user = new User(device.open());
        user.config(POWER_CONTROL, 2, 3);
        assertThat(user.config(POWER_CONTROL, 2) & 3).isEqualTo(3);
        driver.configureVirtualFunctions(physical, 1);
        assertThat(user.config(POWER_CONTROL, 2) & 3).isZero();
        user.config(POWER_CONTROL, 2, 3);
        assertThat(user.config(POWER_CONTROL, 2) & 3).isZero();
        assertWakes(user, new FakeEvent(), 0);
        device.close();
    }

    @Test
    @Spec({"P-233", "P-235", "P-236", "P-239"})
    void shouldCheckTokens() {
        var pf = device.pci().tokenMatch();
        pf.check(null);
        pf.check(TOKEN);
        driver.configureVirtualFunctions(physical, 1);
        var vfDevice = probe(function(VF0));
        var vf = vfDevice.pci().tokenMatch();
        User.refused(Errno.EACCES, () -> vf.check(null));
        User.refused(Errno.EACCES, () -> vf.check(OTHER));
        vf.check(TOKEN);
        vfDevice.open();
        User.refused(Errno.EACCES, () -> pf.check(null));
        User.refused(Errno.EACCES, () -> pf.check(OTHER));
        pf.check(TOKEN);
        device.open();
        device.close();
        vf.check(TOKEN);
        vfDevice.close();
        pf.check(OTHER);
        vf.check(OTHER);
        pf.check(null);
        vf.check(OTHER);
        driver.remove(function(VF0));
    }

    @Test
    @Spec("P-234")
    void shouldTakeNoTokenOfAPhysicalFunctionItDoesNotHave() {
        var foreign = function("0000:07:00.0");
        requireNonNull(foreign.sriov()).enable(1);
        var vf = function("0000:07:10.0");
        var token = probe(vf).pci().tokenMatch();
        token.check(null);
        User.refused(Errno.EINVAL, () -> token.check(TOKEN));
        driver.remove(vf);
    }

    @Test
    void shouldBeginWithATokenNobodyKnows() {
        driver.configureVirtualFunctions(physical, 1);
        var vf = probe(function(VF0)).pci().tokenMatch();
        User.refused(Errno.EACCES, () -> vf.check(OTHER));
        User.refused(Errno.EACCES, () -> vf.check(null));
        driver.remove(function(VF0));
    }
}
