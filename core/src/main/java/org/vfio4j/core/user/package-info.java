// SPDX-License-Identifier: Apache-2.0
/**
 * The typed user API on top of the core: what {@link org.vfio4j.Vfio} hands out. It calls the typed operations directly, as a
 * program in this process with root's credentials unless the settings say otherwise, and closes everything it opened.
 */
package org.vfio4j.core.user;
