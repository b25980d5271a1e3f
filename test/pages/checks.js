// What is asked of a page from within it. Scripts of the page itself are off; these come by the protocol of the browser.
globalThis.pages = (() => {
  const describe = e => e.outerHTML.replace(/\s+/g, ' ').slice(0, 160)
  const scrolls = style => /auto|scroll/.test(style.overflowX) || /auto|scroll/.test(style.overflowY)

  // walk visits what is laid out, but not what is within a picture, nor, with a stop that says so, what is within an element.
  const walk = (e, visit) => {
    const style = getComputedStyle(e)
    if (style.display === 'none') return
    if (visit(e, style) === false || e instanceof SVGElement) return
    for (const child of e.children) walk(child, visit)
  }

  // tooWide is what reaches beyond the sides of the page. What scrolls by itself may hold more, except on a phone: there only code
  // may.
  const tooWide = phone => {
    const width = document.documentElement.clientWidth
    const out = []
    if (document.documentElement.scrollWidth > width) out.push(`the page is ${document.documentElement.scrollWidth} wide, and the screen ${width}`)
    walk(document.body, (e, style) => {
      const r = e.getBoundingClientRect()
      if (r.width > 1 && r.right > 0 && (r.right > width + 0.5 || r.left < -0.5)) out.push(`from ${r.left} to ${r.right} on a screen of ${width}: ${describe(e)}`)
      if (!/auto|scroll/.test(style.overflowX)) return true
      if (phone && e.scrollWidth > e.clientWidth && e.localName !== 'pre') out.push(`${e.scrollWidth} in a box of ${e.clientWidth} that scrolls: ${describe(e)}`)
      return false
    })
    return out
  }

  // cutTexts are labels that reach out of their picture.
  const cutTexts = () => [...document.querySelectorAll('svg text')].filter(e => {
    const frame = e.ownerSVGElement.getBoundingClientRect(), r = e.getBoundingClientRect()
    return r.width > 0 && (r.left < frame.left - 1 || r.right > frame.right + 1 || r.top < frame.top - 1 || r.bottom > frame.bottom + 1)
  }).map(describe)

  // deadLinks are references within the page to what is not there.
  const deadLinks = () => {
    const out = []
    const target = (id, e) => { if (!document.getElementById(id)) out.push(`there is no ${id}: ${describe(e)}`) }
    for (const a of document.querySelectorAll('a[href^="#"]')) target(decodeURIComponent(a.hash.slice(1)), a)
    const seen = new Set()
    for (const e of document.querySelectorAll('svg [class]')) {
      if (seen.has(e.getAttribute('class'))) continue
      seen.add(e.getAttribute('class'))
      const style = getComputedStyle(e)
      for (const [, id] of `${style.fill} ${style.stroke}`.matchAll(/url\("#(.*?)"\)/g)) target(id, e)
    }
    return out
  }

  // otherLinks are the addresses of other pages.
  const otherLinks = () => [...new Set([...document.querySelectorAll('a[href]:not([href^="#"])')].map(a => a.href))]

  // The keyboard: each element that had the focus is kept.
  const reached = new Set()
  const focused = () => {
    const e = document.activeElement
    if (!e || e === document.body || reached.has(e)) return { done: true, complaint: '', opens: false }
    reached.add(e)
    const style = getComputedStyle(e), r = e.getBoundingClientRect()
    let complaint = ''
    if (style.outlineStyle === 'none' || parseFloat(style.outlineWidth) === 0) complaint = `the focus is not to be seen on ${describe(e)}`
    if (r.right <= 0 || r.bottom <= 0 || r.top >= innerHeight || r.left >= innerWidth) complaint = `the focus is out of sight on ${describe(e)}`
    return { done: false, complaint, opens: e.localName === 'summary' && !e.parentElement.open }
  }
  const unreached = () => {
    const out = []
    const interactive = 'a[href], area[href], button, input, select, textarea, summary, iframe, [tabindex], [contenteditable], [onclick]'
    for (const e of document.querySelectorAll(interactive)) {
      if (e.checkVisibility() && !reached.has(e)) out.push(describe(e))
    }
    walk(document.body, (e, style) => {
      const more = scrolls(style) && (e.scrollWidth > e.clientWidth || e.scrollHeight > e.clientHeight)
      if (more && ![...reached].some(r => e.contains(r))) out.push(`to scroll: ${describe(e)}`)
    })
    for (const d of document.querySelectorAll('details:not([open])')) out.push(`to open: ${describe(d)}`)
    return out
  }

  // violations are axe's, with where they are.
  const violations = async options => {
    const results = await axe.run(document, { resultTypes: ['violations'], selectors: false, preload: false, ...options })
    return results.violations.flatMap(v => v.nodes.map(n => `${v.id}: ${v.help}: ${n.html.slice(0, 160)} (${[...n.any, ...n.all, ...n.none].map(c => c.message).join('; ')})`))
  }
  return { tooWide, cutTexts, deadLinks, otherLinks, focused, unreached, violations }
})()
