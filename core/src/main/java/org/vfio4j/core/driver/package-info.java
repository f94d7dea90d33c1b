// SPDX-License-Identifier: Apache-2.0
/**
 * The driver core: which driver has which device of the host's buses. It loads the bus drivers of the module path, binds what
 * the machine wants bound at start and at hot-plug, and lets go of everything at the end. Kernel counterpart:
 * {@code drivers/base/dd.c}.
 */
package org.vfio4j.core.driver;
